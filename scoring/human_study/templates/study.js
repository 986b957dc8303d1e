"use strict";

const { study, files } = JSON.parse(document.getElementById("about").textContent);
const find = (id) => document.getElementById(id);
const sides = ["left", "right"];
const videos = sides.map((side) => find(side).querySelector("video"));
let rater = "";
let answers = []; // { choice, seconds } of each question so far
let shown = 0; // when both videos began to play; 0 before

function store() {
  try { localStorage.setItem(`${study}/${rater}`, JSON.stringify(answers)); } catch { /* Private mode. */ }
}

function load() {
  try { return JSON.parse(localStorage.getItem(`${study}/${rater}`)) ?? []; } catch { return []; }
}

async function ask() {
  const number = answers.length;
  const done = number === files.length;
  find("ask").hidden = done;
  find("end").hidden = !done;
  find("save").hidden = number === 0;
  if (done) return;
  find("progress").textContent = `${number + 1} of ${files.length}`;
  find("back").disabled = number === 0;
  shown = 0;
  const ready = videos.map((video, i) => new Promise((resolve) => {
    video.addEventListener("canplaythrough", resolve, { once: true });
    video.src = `clips/${files[number][i]}.mp4`;
  }));
  await Promise.all(ready);
  if (answers.length !== number) return;
  await Promise.all(videos.map((video) => video.play()));
  shown = performance.now();
}

function choose(choice) {
  if (!shown || answers.length === files.length) return;
  answers.push({ choice, seconds: (performance.now() - shown) / 1000 });
  store();
  ask();
}

function back() {
  if (find("ask").hidden || answers.length === 0) return;
  answers.pop();
  store();
  ask();
}

function csv() {
  const rows = answers.map((answer, i) => [study, rater, i, answer.choice, answer.seconds.toFixed(2)]);
  return [["study", "rater", "question", "choice", "seconds"], ...rows].map((row) => row.join(",") + "\n").join("");
}

function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
  link.download = `answers-${study}-${rater}.csv`;
  link.click();
}

find("begin").addEventListener("submit", (event) => {
  event.preventDefault();
  rater = find("rater").value.trim().replace(/[^\p{L}\p{N}_-]+/gu, "_");
  answers = load();
  find("begin").hidden = true;
  ask();
});
for (const side of sides) find(side).addEventListener("click", () => choose(side));
find("back").addEventListener("click", back);
find("save").addEventListener("click", save);
document.addEventListener("keydown", (event) => {
  if (find("ask").hidden || event.repeat) return;
  if (event.key === "ArrowLeft") choose("left");
  if (event.key === "ArrowRight") choose("right");
  if (event.key === "Backspace") back();
});
