"""Vocabulary of column names, English and Chinese: the words that hint at what a column holds."""

import re
from collections.abc import Iterable


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


USER = _set(
    "user uid userid customer cust client visitor member account reader listener player viewer "
    "buyer shopper person patient student reviewer subscriber profile "
    "用户 会员 客户 顾客 买家 读者"
)
ITEM = _set(
    "item iid itemid product prod movie film anime show series artist song track album book isbn "
    "asin sku game app article news video restaurant place business hotel recipe course job "
    "stockcode good goods offer post document doc content beer joke "
    "商品 物品 产品 电影 歌曲 艺人 书籍 图书 新闻 文章 视频 游戏"
)
TIME = _set(
    "time timestamp ts date datetime unixtime unixreviewtime created createdat when day "
    "时间 日期 时间戳"
)
WEIGHT = _set(
    "rating ratings rate score stars star weight plays playcount count counts listens hours "
    "playtime minutes views clicks quantity qty num 评分 打分 权重 次数 数量 播放次数"
)
EVENT = _set("event type action behavior behaviour eventtype interaction 行为 事件 动作")
CATEGORY = _set(
    "genre genres category categories cat tag tags brand color colour type kind class department "
    "language country publisher gender sex occupation city region "
    "类型 类别 分类 品牌 标签 性别 城市 职业"
)
TITLE = _set("title name headline 标题 名称 片名 书名")
ID = _set("id key no code number uuid hash 编号 号")
"""Words for an identifier of any kind, as the second part of a name such as "movie id"."""
NO_FEATURE = _set(
    "url uri link href image img picture poster photo path file zip zipcode phone email 链接"
)
"""Words for columns that have nearly as many values as rows and say nothing of an item's nature."""

EVENT_WEIGHTS = {
    5.0: _set("purchase buy bought order transaction checkout pay paid subscribe 购买 下单 支付"),
    3.0: _set(
        "cart addtocart add_to_cart basket favorite fav like save bookmark wishlist share "
        "收藏 加购 点赞"
    ),
    1.0: _set("click view pv play listen open read watch 点击 浏览 查看 播放"),
}
"""Words for events by the weight that is offered: they grow with what the act costs a person."""
DEFAULT_EVENT_WEIGHT = 1.0
NEGATIVE_EVENTS = _set(
    "remove return refund cancel dislike unlike skip delete hide unsubscribe report "
    "退货 退款 取消 删除"
)
"""Words for events that say the contrary of liking."""

WHOLE_NAME = 4
PART_AND_ID = 3
ONE_PART = 2
"""Scores of a column name: the whole name is one of the words (perhaps with "id"), it holds one
and ends in a word for an id (or it is Chinese, which has no blanks between words), it holds one."""


def words_in(name: str) -> list[str]:
    """Cut a column name into lower-case words.

    Args:
        name: such as "userId", "user-id" or "USER ID", which all give user and id.

    Returns:
        The words in order; none where the name has no letter or digit.
    """
    # A capital after a small letter or digit begins a word: "userId" -> "user Id".
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.strip())
    return [word for word in re.split(r"[\W_]+", spaced.lower()) if word]


def name_score(name: str, words: Iterable[str]) -> int:
    """Score how well a column name fits a set of words.

    Args:
        name: of the column.
        words: one of the sets of this module.

    Returns:
        0 for not at all, else `ONE_PART`, `PART_AND_ID` or `WHOLE_NAME`.
    """
    parts = words_in(name)
    known = set(words)
    joined = "".join(parts)
    without_id = "".join(part for part in parts if part not in ID)
    if joined in known or without_id in known:
        return WHOLE_NAME
    if any(part in known for part in parts):
        return PART_AND_ID if parts[-1] in ID else ONE_PART
    # "movieid" in one word: nothing shows where the first word ends.
    if any(joined == word + "id" for word in known):
        return WHOLE_NAME
    holds_chinese = any(word in joined for word in known if not word.isascii())
    return PART_AND_ID if holds_chinese else 0


def is_column_word(name: str) -> bool:
    """Return True for a word that columns are called by, such as user, rating or title.

    Args:
        name: a cell of a file's first line.
    """
    sets = (USER, ITEM, TIME, WEIGHT, EVENT, CATEGORY, TITLE)
    return any(name_score(name, words) == WHOLE_NAME for words in sets)


def event_weight(name: str) -> float | None:
    """Look up the usual weight of an event.

    Args:
        name: of the event, as the data writes it.

    Returns:
        The weight, 1 for an unknown event; None for one that says the contrary of liking.
    """
    parts = _event_parts(name)
    if parts & NEGATIVE_EVENTS:
        return None
    for weight, words in EVENT_WEIGHTS.items():
        if parts & words:
            return weight
    return DEFAULT_EVENT_WEIGHT


def is_event_word(name: str) -> bool:
    """Return True for a cell that holds a word for what people do.

    Args:
        name: a cell, as the data writes it.
    """
    known = NEGATIVE_EVENTS.union(*EVENT_WEIGHTS.values())
    return not known.isdisjoint(_event_parts(name))


def _event_parts(name: str) -> set[str]:
    """Cut the name of an event into words; the whole is one too, as "add_to_cart" is."""
    return {*words_in(name), name.strip().lower()}
