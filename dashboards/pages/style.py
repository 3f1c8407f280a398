"""The frame of the stability page: HTML and style sheet, light and dark, with nothing fetched."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Stability of run {run_id}</title>
<style>
:root {{ --ink: #1c2430; --soft: #667085; --line: #e4e7ec; --page: #f6f7f9; --card: #fff;
  --main: #2f6fdb;
  --pale: #b3cbf3; --mark: #d9480f; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #e8ebf0; --soft: #98a2b3; --line: #323a48;
  --page: #12161d; --card: #1b212b; --main: #6ea0f5; --pale: #3a527f; --mark: #ff922b; }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }}
main {{ max-width: 1080px; margin: 0 auto; padding: 32px 20px 48px; }}
h1 {{ font-size: 26px; margin: 0; }}
h2 {{ font-size: 18px; margin: 0 0 6px; }}
h3 {{ font-size: 14px; margin: 0 0 6px; font-weight: 600; }}
p {{ margin: 0 0 12px; color: var(--soft); }}
section {{ background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 18px 20px;
  margin-top: 16px; }}
section.narrow svg {{ max-width: 520px; }}
.cards {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 12px; }}
.card {{ background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 14px 16px; }}
.card h3 {{ color: var(--soft); }}
.card b {{ font-size: 26px; font-variant-numeric: tabular-nums; }}
.card p {{ margin: 2px 0 0; font-size: 13px; }}
.columns {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(380px, 1fr));
  gap: 18px 28px; }}
figure {{ margin: 0; }}
figcaption {{ color: var(--soft); font-size: 13px; }}
svg {{ display: block; width: 100%; height: auto; }}
svg text {{ font-size: 12px; fill: var(--soft); font-variant-numeric: tabular-nums; }}
svg .label {{ text-anchor: end; }}
svg .tick {{ text-anchor: middle; }}
svg .figure {{ fill: var(--ink); font-weight: 600; }}
.scroll {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }}
th, td {{ padding: 3px 10px; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--line); }}
th {{ font-weight: 600; }}
th:first-child {{ text-align: left; color: var(--soft); font-weight: 400; }}
.bar {{ fill: var(--main); }}
.bar.soft {{ fill: var(--pale); }}
.grid {{ stroke: var(--line); }}
.chance {{ fill: none; stroke: var(--mark); stroke-width: 1.6; }}
.whisker {{ fill: none; stroke: var(--ink); stroke-width: 1.2; }}
.key {{ display: inline-block; width: 16px; border-top: 2px solid var(--mark);
  vertical-align: middle; }}
</style>
</head>
<body>
<main>
<h1>Stability of run {run_id}</h1>
<p>Placement {placement}, data up to {as_of}.</p>
{body}
</main>
</body>
</html>
"""
