"""A bar beside one figure of a table: how much a reason adds to a score, or takes from it."""

from markupsafe import Markup

WIDTH, HEIGHT = 100, 10


def gain_bar(gain: float, largest: float) -> Markup:
    """Draw a gain as a bar from the middle: to the right where it adds, to the left else.

    The figure stands beside it, so that screen readers pass over the bar.

    Args:
        gain: the figure.
        largest: the size of the largest gain on the page, which reaches an end.

    Returns:
        An SVG element.
    """
    middle = WIDTH / 2
    length = middle * min(abs(gain) / max(largest, 1e-12), 1)
    start = middle if gain >= 0 else middle - length
    kind = "bar" if gain >= 0 else "bar less"
    rect = f'<rect class="{kind}" x="{start:.1f}" y="1" width="{length:.1f}" height="8"/>'
    axis = f'<line class="grid" x1="{middle:g}" x2="{middle:g}" y1="0" y2="{HEIGHT}"/>'
    head = f'<svg class="gain" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
    return Markup(f"{head}{axis}{rect}</svg>")  # numbers alone
