"""A plot of values in each second, as SVG."""

from html import escape

WIDTH, HEIGHT, MARGIN = 900, 220, 50
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")  # told apart by everybody


class Plot:
    def __init__(self, title):
        self.title, self.lines = title, []

    def add(self, name, values):
        self.lines.append((name, list(values)))

    def svg(self):
        seconds = max([len(values) for _, values in self.lines] + [1])
        most = max([max(values, default=1) for _, values in self.lines] + [1])
        parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 2 * MARGIN} {HEIGHT + 2 * MARGIN}" '
                 f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
                 f'<text x="{MARGIN}" y="20">{escape(self.title)}</text>']
        base = MARGIN + HEIGHT
        for share in (0, 0.5, 1):
            y = base - share * HEIGHT
            parts.append(f'<path d="M{MARGIN} {y}h{WIDTH}" stroke="#ccc"/><text x="4" y="{y + 4}">{share * most:.0f}</text>')
        for minute in range(0, seconds + 1, max(60, seconds // 600 * 60)):
            parts.append(f'<text x="{MARGIN + minute / seconds * WIDTH:.0f}" y="{base + 16}">{minute // 60} min</text>')
        for number, (name, values) in enumerate(self.lines):
            colour = COLOURS[number % len(COLOURS)]
            points = " ".join(f"{MARGIN + second / seconds * WIDTH:.1f},{base - value / most * HEIGHT:.1f}"
                              for second, value in enumerate(values))
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>'
                         f'<text x="{MARGIN + 320}" y="{20 + 14 * number}" fill="{colour}">{escape(name)}</text>')
        return "\n".join([*parts, "</svg>\n"])
