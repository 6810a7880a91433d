export default {
  attributes: {
    title: "会员属性",
    note: "会员档案里的属性：有多少会员填了，被哪些分群、规则和触达用着。",
    name: "属性",
    members: "有值的会员",
    usedBy: "被谁用到",
    empty: "会员还没有属性。导入会员或在会员档案里填写后，就会出现在这里。",
    deleting: "正在删除",
    removed: "「{name}」已删除，几秒内从所有会员身上去掉",
    removeTitle: "删除属性「{name}」",
    removeText: "会从 {n} 位会员的档案里去掉，以后的规则里也不能再选。删除后不能恢复；再次导入这个属性会重新出现。",
    inUse: "还有这些地方在用它，请先从它们的规则里去掉：",
    kinds: { segment: "分群", journey: "触达", rule: "积分规则", tag: "标签", webhook: "推送地址" },
  },
};
