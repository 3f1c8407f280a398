"""A shop whose items have titles in Chinese or English, all made by rule for this project.

    python -m benchmarks.quality.text_shop FOLDER --language zh

writes `interactions.csv` (user, item, time), `items.csv` (item, title, kind, price) and
`queries.csv`: what people may ask for in other words than titles have, with the noun and the trait
that an answer must have. A user likes a few kinds of things and a few traits, such as "vintage" or
"waterproof", so titles say what nobody has taken yet. Some of what happens ignores taste.
"""

import argparse
from pathlib import Path

import numpy as np
import polars as pl

LANGUAGES = ("zh", "en")
KINDS = {
    ("服装", "clothing"): "连衣裙:dress 衬衫:shirt 外套:jacket 毛衣:sweater 牛仔裤:jeans 帽子:hat",
    (
        "厨房",
        "kitchen",
    ): "炒锅:wok 菜刀:knife 茶壶:teapot 电饭煲:rice_cooker 砂锅:casserole",
    (
        "户外",
        "outdoor",
    ): "帐篷:tent 睡袋:sleeping_bag 登山鞋:hiking_boots 背包:backpack",
    ("书籍", "books"): "小说:novel 诗集:book_of_poems 菜谱:cookbook 漫画:comic 词典:dictionary",
    (
        "电子",
        "electronics",
    ): "耳机:headphones 键盘:keyboard 充电器:charger 音箱:speaker",
    ("玩具", "toys"): "积木:building_blocks 拼图:jigsaw 毛绒熊:teddy_bear 遥控车:toy_car 风筝:kite",
    ("食品", "food"): "绿茶:green_tea 咖啡豆:coffee_beans 巧克力:chocolate 坚果:nuts 蜂蜜:honey",
    ("家居", "home"): "枕头:pillow 窗帘:curtain 地毯:carpet 花瓶:vase 书架:bookshelf 蜡烛:candle",
}
"""Kinds of things, and things of each, in both languages."""
TRAITS = {
    ("复古", "vintage"): ("老式", "old-fashioned"),
    ("轻便", "lightweight"): ("不重的", "not heavy"),
    ("儿童", "children's"): ("小朋友用的", "for kids"),
    ("手工", "handmade"): ("手作的", "made by hand"),
    ("防水", "waterproof"): ("不怕雨的", "that survives rain"),
    ("豪华", "luxury"): ("高档的", "high-end"),
    ("环保", "eco-friendly"): ("绿色可持续的", "sustainable"),
    ("可爱", "cute"): ("萌萌的", "adorable"),
    ("专业", "professional"): ("行家用的", "for experts"),
    ("简约", "minimalist"): ("简单朴素的", "plain and simple"),
}
"""Traits as titles name them, and as people ask for them."""
COLOURS = "红色:red 蓝色:blue 白色:white 黑色:black 绿色:green 黄色:yellow 灰色:grey 紫色:purple"
START, DAY = 1_600_000_000, 86_400
N_DAYS = 364
TASTELESS = 0.1
"""Share of events that ignore the user's taste."""


def _pairs(text: str) -> list[tuple[str, str]]:
    """Split "a:b c_d:e f" into pairs, with blanks for underlines."""
    pairs = [pair.partition(":")[::2] for pair in text.split()]
    return [(chinese, english.replace("_", " ")) for chinese, english in pairs]


def shop(
    language: str, users: int, items: int, events: int, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make the shop's interactions, in order of time, and its items.

    Args:
        language: "zh" or "en", of titles and kinds. All else is the same in both.
        users: how many.
        items: how many.
        events: drawn; of a user's events with one item the first stays.
        seed: of everything.
    """
    rng = np.random.default_rng(seed)
    which = LANGUAGES.index(language)
    things = [(kind, thing) for kind, text in KINDS.items() for thing in _pairs(text)]
    traits, colours = list(TRAITS), _pairs(COLOURS)
    thing_of = rng.integers(len(things), size=items)
    traits_of = np.array([rng.choice(len(traits), 2, replace=False) for _ in range(items)])
    colour_of = rng.integers(len(colours), size=items)
    titles, kinds = [], []
    for item in range(items):
        kind, thing = things[thing_of[item]]
        words = [traits[traits_of[item, 0]], traits[traits_of[item, 1]], colours[colour_of[item]]]
        named = [word[which] for word in [*words, thing]]
        titles.append("".join(named) if language == "zh" else " ".join(named).capitalize())
        kinds.append(kind[which])
    catalogue = pl.DataFrame(
        {
            "item": [f"i{item}" for item in range(items)],
            "title": titles,
            "kind": kinds,
            "price": np.round(rng.lognormal(3, 1, items), 2),
        }
    )
    return _interactions(rng, thing_of, traits_of, users, events), catalogue


def _interactions(
    rng: np.random.Generator,
    thing_of: np.ndarray,
    traits_of: np.ndarray,
    users: int,
    events: int,
) -> pl.DataFrame:
    """Draw what users take: by the popularity of items, and by tastes in things and traits."""
    items = len(thing_of)
    kind_of_thing = np.repeat(np.arange(len(KINDS)), [len(_pairs(text)) for text in KINDS.values()])
    kind_of = kind_of_thing[thing_of]
    kinds_taste = rng.gamma(0.2, 1.0, (users, len(KINDS)))
    traits_taste = rng.gamma(0.2, 1.0, (users, len(TRAITS)))
    popularity = rng.gamma(2.0, 1.0, items)
    activity = rng.pareto(1.5, users) + 0.3
    counts = rng.multinomial(events, activity / activity.sum())
    taken = []
    for user in range(users):
        fit = kinds_taste[user][kind_of] + 0.01
        fit = fit * (traits_taste[user][traits_of].sum(axis=1) + 0.01)
        chance = popularity * fit / (popularity * fit).sum()
        chance = (1 - TASTELESS) * chance + TASTELESS * popularity / popularity.sum()
        n_taken = min(int(counts[user]), items // 4)
        taken.append(rng.choice(items, n_taken, replace=False, p=chance))
    who = np.repeat(np.arange(users), [len(own) for own in taken])
    frame = pl.DataFrame(
        {
            "user": [f"u{user}" for user in who],
            "item": [f"i{item}" for item in np.concatenate(taken)],
            "time": START + rng.integers(N_DAYS * DAY, size=len(who)),
        }
    )
    return frame.sort("time", maintain_order=True)


def queries(language: str) -> pl.DataFrame:
    """List questions in other words than titles: a trait paraphrased, and a thing."""
    which = LANGUAGES.index(language)
    rows = []
    for trait, asked in TRAITS.items():
        for text in KINDS.values():
            for thing in _pairs(text):
                query = (
                    f"想买{asked[0]}{thing[0]}"
                    if language == "zh"
                    else f"looking for a {thing[1]}, {asked[1]}"
                )
                rows.append({"query": query, "thing": thing[which], "trait": trait[which]})
    return pl.DataFrame(rows)


def main() -> None:
    """Write a shop."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", choices=LANGUAGES, default="zh")
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--events", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    interactions, items = shop(given.language, given.users, given.items, given.events, given.seed)
    frames = {"interactions": interactions, "items": items, "queries": queries(given.language)}
    for name, frame in frames.items():
        frame.write_csv(given.folder / f"{name}.csv")
        print(f"{given.folder / name}.csv: {len(frame):,} rows")


if __name__ == "__main__":
    main()
