"""The HTML page of a run, or of several next to each other; it opens from disk, without a network.

page.py writes it: a module and a template of the same name for each section. A section's module has
`describe(run, clips)`, which returns what its template shows, or None where there is nothing.
"""
