"use strict";

// Curves.
const { charts, phases } = JSON.parse(document.getElementById("data").textContent);
const places = [...document.querySelectorAll(".chart")];

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function layoutOf(chart) {
  const [text, grid, back] = [colour("text"), colour("line"), colour("back")];
  const shade = (phase) => ({
    type: "rect", xref: "x", yref: "paper", x0: phase.begin, x1: phase.end, y0: 0, y1: 1,
    fillcolor: colour("fade"), line: { width: 0 }, layer: "below",
  });
  const name = (phase) => ({
    text: phase.rung, x: phase.begin, y: 1, xref: "x", yref: "paper", xanchor: "left",
    yanchor: "bottom", showarrow: false, font: { size: 9 },
  });
  const axis = { gridcolor: grid, linecolor: grid, zerolinecolor: grid };
  return {
    margin: { l: 50, r: 10, t: 20, b: 35 }, font: { color: text, size: 11 },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    hovermode: "x unified", hoverlabel: { bgcolor: back, font: { color: text } },
    showlegend: chart.traces.length > 1, legend: { orientation: "h", y: -0.2 },
    xaxis: { ...axis, title: { text: "kimg", standoff: 4 }, hoverformat: ".4~f" },
    yaxis: { ...axis, type: chart.log ? "log" : "linear", automargin: true },
    shapes: phases.filter((phase) => phase.fading).map(shade),
    annotations: phases.filter((phase) => !phase.fading).map(name),
  };
}

function drawCharts() {
  places.forEach((place, i) =>
    Plotly.react(place, charts[i].traces, layoutOf(charts[i]), { responsive: true, displayModeBar: false }));
}

drawCharts();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawCharts);

// Growth.
for (const place of document.querySelectorAll(".growth")) {
  const [video, slider] = [place.querySelector("video"), place.querySelector("input")];
  const [caption, button] = [place.querySelector("figcaption"), place.querySelector("button")];
  const moments = JSON.parse(slider.dataset.moments);
  let timer = null;

  const show = () => {
    const moment = moments[slider.value];
    video.src = moment.src;
    caption.textContent = moment.text;
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play the growth";
  };
  const advance = () => {
    if (Number(slider.value) >= moments.length - 1) return stop();
    slider.value = Number(slider.value) + 1;
    show();
  };
  slider.addEventListener("input", () => { stop(); show(); });
  button.addEventListener("click", () => {
    if (timer !== null) return stop();
    if (Number(slider.value) >= moments.length - 1) slider.value = 0;
    show();
    timer = setInterval(advance, 1500);
    button.textContent = "Stop";
  });
}
