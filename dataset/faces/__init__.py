"""Face clips out of films: chapter 7.1 of the paper, from trailers to TrailerFaces.

shots.watch       frames -> shots, where the SIFT matches between neighbouring frames drop
  tracks.Tracker    frames of a shot -> tracks: detect.Detector finds faces, follow moves them
plan.plan_clips   shots -> plans: which tracks become clips, and align's transforms for them
film.cut_out      frames and plans -> aligned clips
matching.persons  an aligned clip -> the parts in which the person stays the same
create            all of it for many films; report sums it up, debug draws it
"""
