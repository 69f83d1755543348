// SPDX-License-Identifier: Apache-2.0
#include "net/short_list.h"

#include <gtest/gtest.h>

#include <utility>

namespace sixgate {
namespace {

using List = ShortList<int, 2>;

TEST(ShortList, HoldsWhatWasAppendedHoweverMuch) {
  List list;
  std::vector<int> all;
  EXPECT_TRUE(list.empty());
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(list, all);
    list.push_back(i);
    all.push_back(i);
  }
  EXPECT_EQ(list, all);
  EXPECT_EQ(list.size(), 9U);
  EXPECT_EQ(list[8], 8);
  EXPECT_EQ(List(all), list);
}

TEST(ShortList, BeginsAnewInsideWhenCleared) {
  List list{1, 2, 3};
  list.clear();
  EXPECT_TRUE(list.empty());
  list.push_back(4);
  EXPECT_EQ(list, (List{4}));
  EXPECT_NE(list, (List{4, 5}));
}

TEST(ShortList, IsCopiedAndMovedWithAllThatItHolds) {
  for (const List& list : {List{}, List{1}, List{1, 2}, List{1, 2, 3}}) {
    List copy = list;
    EXPECT_EQ(copy, list);
    const List moved = std::move(copy);
    EXPECT_EQ(moved, list);
    copy = List{7};  // what was moved away can be assigned to
    EXPECT_EQ(copy, List{7});
  }
}

TEST(ShortList, IsOrderedElementByElement) {
  EXPECT_LT((List{1, 2}), (List{1, 3}));
  EXPECT_LT((List{1, 2}), (List{1, 2, 0}));
  EXPECT_GT((List{2}), (List{1, 2, 3}));
}

}  // namespace
}  // namespace sixgate
