"""Words in column names, English and Chinese, that tell what a column holds."""

import re
from collections.abc import Iterable


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


USER = _set(
    "user uid userid customer cust client visitor member account reader listener player viewer buyer shopper person "
    "patient student reviewer subscriber profile 用户 会员 客户 顾客 买家 读者"
)
ITEM = _set(
    "item iid itemid product prod movie film anime show series artist song track album book isbn asin sku game app "
    "article news video restaurant place business hotel recipe course job stockcode good goods offer post document doc "
    "content beer joke 商品 物品 产品 电影 歌曲 艺人 书籍 图书 新闻 文章 视频 游戏"
)
TIME = _set(
    "time timestamp ts date datetime unixtime unixreviewtime created createdat when day 时间 日期 时间戳"
)
WEIGHT = _set(
    "rating ratings rate score stars star weight plays playcount count counts listens hours playtime minutes views "
    "clicks quantity qty num 评分 打分 权重 次数 数量 播放次数"
)
EVENT = _set("event type action behavior behaviour eventtype interaction 行为 事件 动作")
CATEGORY = _set(
    "genre genres category categories cat tag tags brand color colour type kind class department language country "
    "publisher gender sex occupation city region 类型 类别 分类 品牌 标签 性别 城市 职业"
)
TITLE = _set("title name headline 标题 名称 片名 书名")
ID = _set("id key no code number uuid hash 编号 号")
NO_FEATURE = _set(
    "url uri link href image img picture poster photo path file zip zipcode phone email 链接"
)

EVENT_WEIGHTS = {
    5.0: _set("purchase buy bought order transaction checkout pay paid subscribe 购买 下单 支付"),
    3.0: _set(
        "cart addtocart add_to_cart basket favorite fav like save bookmark wishlist share 收藏 加购 点赞"
    ),
    1.0: _set("click view pv play listen open read watch 点击 浏览 查看 播放"),
}
AGAINST = _set(
    "remove return refund cancel dislike unlike skip delete hide unsubscribe report 退货 退款 取消 删除"
)


def words_in(name: str) -> list[str]:
    """Cut a column name into lower-case words: "userId", "user-id" and "USER ID" give user, id."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.strip())
    return [word for word in re.split(r"[\W_]+", spaced.lower()) if word]


def fit(name: str, words: Iterable[str]) -> int:
    """How well a column name fits `words`: 0 not at all, 4 it is one of them (with "id" or alone)."""
    parts = words_in(name)
    known = set(words)
    joined = "".join(parts)
    bare = "".join(part for part in parts if part not in ID)
    if joined in known or bare in known:
        return 4 if bare in known and len(parts) > 1 else 3 + (joined in known)
    if any(part in known for part in parts):
        return 3 if parts[-1] in ID else 2
    chinese = any(word in joined for word in known if not word.isascii())
    stuck_id = any(joined == word + "id" for word in known)
    return 4 if stuck_id else 3 if chinese else 0


def event_weight(name: str) -> float | None:
    """Give the usual weight of an event by its name; None for one that says the contrary of liking."""
    parts = {*words_in(name), name.strip().lower()}
    if parts & AGAINST:
        return None
    for weight, words in EVENT_WEIGHTS.items():
        if parts & words:
            return weight
    return 1.0
