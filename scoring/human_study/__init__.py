"""Clips judged by people: a page of pairs to choose from, and the statistics of the answers.

design.py   which clips are paired, on which side, in which order
study.py    writes clips, page and key
results.py  reads the key and the answers, and summarises them
"""
