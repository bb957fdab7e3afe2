"""Formats that people want: each takes what was selected and writes it; `formats` lists them."""
