export default {
  attributes: {
    title: "Member attributes",
    note: "The attributes in members' files: how many members have each, and which segments, rules and journeys use it.",
    name: "Attribute",
    members: "Members with it",
    usedBy: "Used by",
    empty: "No member has an attribute yet. They appear here once members are imported with them or a file is filled in.",
    deleting: "Being deleted",
    removed: "“{name}” is deleted; it leaves all members within seconds",
    removeTitle: "Delete the attribute “{name}”",
    removeText: "It is taken out of the files of {n} members, and rules cannot choose it any more. This cannot be undone; importing it again brings it back.",
    inUse: "These still use it. Take it out of their rules first:",
    kinds: { segment: "Segment", journey: "Journey", rule: "Points rule", tag: "Tag", webhook: "Webhook" },
  },
};
