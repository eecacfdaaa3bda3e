#!/usr/bin/env python3
"""terminal.py <TEXT >SVG: a terminal session as a picture.  Lines that begin with "$ " are commands."""
import html
import sys

WIDTH, LINE, LEFT, TOP = 8.43, 19, 16, 42  # of a character, of a line; of the first one

lines = [line.rstrip("\n") for line in sys.stdin]
columns = max((len(line) for line in lines), default=0)
width, height = round(2 * LEFT + columns * WIDTH), TOP + LINE * len(lines) + 6
print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
      'font-family="ui-monospace, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="14">')
print(f'<rect width="{width}" height="{height}" rx="8" fill="#16181d"/>')
for number, colour in enumerate(("#e0605a", "#e0b050", "#67b56a")):
    print(f'<circle cx="{20 + 18 * number}" cy="16" r="5" fill="{colour}"/>')
for number, line in enumerate(lines):
    colour = "#9db8ff" if line.startswith(("$ ", "    mysql://")) else "#e7e8ea"
    print(f'<text x="{LEFT}" y="{TOP + LINE * number}" fill="{colour}" xml:space="preserve" '
          f'textLength="{round(len(line) * WIDTH)}">{html.escape(line)}</text>' if line else "")
print("</svg>")
