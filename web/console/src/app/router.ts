/** Every page and its address; each page is a chunk of its own. */
import { nextTick, watch } from "vue";
import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";
import { locale, t } from "./locale";
import { may, signedIn } from "./session";

declare module "vue-router" {
  interface RouteMeta {
    bare?: boolean;
    title?: string;
    needs?: string;
  }
}

const routes: RouteRecordRaw[] = [
  { path: "/login", name: "login", component: () => import("@/pages/Login.vue"), meta: { bare: true, title: "nav.login" } },
  { path: "/", name: "overview", component: () => import("@/pages/Overview.vue"), meta: { title: "nav.overview" } },
  { path: "/members", name: "members", component: () => import("@/pages/members/List.vue"), meta: { title: "nav.members", needs: "members.read" } },
  { path: "/members/:id(\\d+)", name: "member", component: () => import("@/pages/members/Member.vue"), meta: { title: "members.file", needs: "members.read" } },
  { path: "/members/merges", name: "merges", component: () => import("@/pages/members/Merges.vue"), meta: { title: "ledger.merge.title", needs: "members.write" } },
  { path: "/points", redirect: "/points/rules" },
  { path: "/points/rules", name: "rules", component: () => import("@/pages/points/Rules.vue"), meta: { title: "points.rules", needs: "points.read" } },
  { path: "/points/rules/:id(\\d+)", name: "rule", component: () => import("@/pages/points/Rule.vue"), meta: { title: "points.rule", needs: "points.read" } },
  { path: "/points/try", name: "points-try", component: () => import("@/pages/points/Try.vue"), meta: { title: "points.try.title", needs: "points.read" } },
  { path: "/points/backtests", name: "backtests", component: () => import("@/pages/points/foresight/Backtests.vue"), meta: { title: "foresight.backtest", needs: "points.read" } },
  { path: "/points/self-test", name: "self-test", component: () => import("@/pages/points/foresight/SelfTest.vue"), meta: { title: "foresight.selfTest", needs: "points.read" } },
  { path: "/points/offers", name: "offers", component: () => import("@/pages/points/Offers.vue"), meta: { title: "points.offers", needs: "points.read" } },
  { path: "/points/ledger", name: "ledger", component: () => import("@/pages/points/Ledger.vue"), meta: { title: "points.ledger", needs: "points.read" } },
  { path: "/points/approvals", name: "approvals", component: () => import("@/pages/points/Approvals.vue"), meta: { title: "ledger.approvals", needs: "points.read" } },
  { path: "/points/transfers", name: "transfers", component: () => import("@/pages/points/Transfers.vue"), meta: { title: "ledger.transfers", needs: "points.read" } },
  { path: "/points/digests", name: "digests", component: () => import("@/pages/points/Digests.vue"), meta: { title: "digests.title", needs: "points.read" } },
  { path: "/points/waiting", name: "waiting", component: () => import("@/pages/points/Waiting.vue"), meta: { title: "waiting.title", needs: "points.read" } },
  { path: "/points/holds", name: "holds", component: () => import("@/pages/points/Holds.vue"), meta: { title: "ledger.held.title", needs: "points.read" } },
  { path: "/points/finance", name: "points-finance", component: () => import("@/pages/points/Finance.vue"), meta: { title: "ledger.finance", needs: "points.read" } },
  { path: "/points/summary", name: "points-summary", component: () => import("@/pages/points/Summary.vue"), meta: { title: "points.summary", needs: "points.read" } },
  { path: "/points/tiers", name: "tiers", component: () => import("@/pages/points/Tiers.vue"), meta: { title: "points.tiers", needs: "points.read" } },
  { path: "/missions", redirect: "/missions/check-in" },
  { path: "/missions/check-in", name: "check-in", component: () => import("@/pages/missions/CheckIn.vue"), meta: { title: "missions.checkIn", needs: "missions.read" } },
  { path: "/missions/list", name: "missions", component: () => import("@/pages/missions/List.vue"), meta: { title: "missions.list", needs: "missions.read" } },
  { path: "/missions/lotteries", name: "lotteries", component: () => import("@/pages/missions/Lotteries.vue"), meta: { title: "lotteries.title", needs: "missions.read" } },
  { path: "/missions/reviews", name: "mission-reviews", component: () => import("@/pages/missions/Reviews.vue"), meta: { title: "missions.reviews", needs: "missions.review" } },
  { path: "/referrals", redirect: "/referrals/plan" },
  { path: "/referrals/plan", name: "referrals", component: () => import("@/pages/referrals/Plan.vue"), meta: { title: "nav.referrals", needs: "referrals.read" } },
  { path: "/referrals/relations", name: "referral-relations", component: () => import("@/pages/referrals/Relations.vue"), meta: { title: "referrals.relations", needs: "referrals.read" } },
  { path: "/referrals/reviews", name: "referral-reviews", component: () => import("@/pages/referrals/Reviews.vue"), meta: { title: "referrals.reviews", needs: "referrals.review" } },
  { path: "/referrals/leaderboard", name: "referral-board", component: () => import("@/pages/referrals/Board.vue"), meta: { title: "referrals.board", needs: "referrals.read" } },
  { path: "/segments", name: "segments", component: () => import("@/pages/segments/List.vue"), meta: { title: "nav.segments", needs: "segments.read" } },
  { path: "/segments/new", name: "segment-new", component: () => import("@/pages/segments/Editor.vue"), meta: { title: "segments.new", needs: "segments.write" } },
  { path: "/segments/profiles", name: "profiles", component: () => import("@/pages/profiles/Profiles.vue"), meta: { title: "profiles.title", needs: "segments.read" } },
  { path: "/segments/lifecycle", name: "lifecycle", component: () => import("@/pages/segments/Life.vue"), meta: { title: "lifecycle.title", needs: "segments.read" } },
  { path: "/segments/compare", name: "segments-compare", component: () => import("@/pages/segments/Compare.vue"), meta: { title: "segments.compare", needs: "segments.read" } },
  { path: "/segments/lists", name: "segment-lists", component: () => import("@/pages/segments/Lists.vue"), meta: { title: "segments.lists", needs: "segments.read" } },
  { path: "/segments/:slug", name: "segment", component: () => import("@/pages/segments/Segment.vue"), meta: { title: "nav.segments", needs: "segments.read" } },
  { path: "/segments/:slug/edit", name: "segment-edit", component: () => import("@/pages/segments/Editor.vue"), meta: { title: "segments.edit", needs: "segments.write" } },
  { path: "/tags", name: "tags", component: () => import("@/pages/tags/List.vue"), meta: { title: "nav.tags", needs: "members.read" } },
  { path: "/tags/models", name: "tags-models", component: () => import("@/pages/tags/Models.vue"), meta: { title: "tags.models", needs: "members.read" } },
  { path: "/tags/together", name: "tags-together", component: () => import("@/pages/tags/Together.vue"), meta: { title: "tags.together", needs: "members.read" } },
  { path: "/tags/acts", name: "tags-acts", component: () => import("@/pages/tags/Acts.vue"), meta: { title: "tags.acts", needs: "members.read" } },
  { path: "/journeys", name: "journeys", component: () => import("@/pages/journeys/List.vue"), meta: { title: "nav.outreach", needs: "journeys.read" } },
  { path: "/journeys/messages", name: "messages", component: () => import("@/pages/journeys/Messages.vue"), meta: { title: "journeys.messages", needs: "journeys.read" } },
  { path: "/journeys/notices", name: "notices", component: () => import("@/pages/journeys/Notices.vue"), meta: { title: "journeys.notices.tab", needs: "journeys.read" } },
  { path: "/journeys/new", name: "journey-new", component: () => import("@/pages/journeys/Editor.vue"), meta: { title: "journeys.new", needs: "journeys.write" } },
  { path: "/journeys/:id(\\d+)", name: "journey", component: () => import("@/pages/journeys/Journey.vue"), meta: { title: "nav.outreach", needs: "journeys.read" } },
  { path: "/journeys/:id(\\d+)/edit", name: "journey-edit", component: () => import("@/pages/journeys/Editor.vue"), meta: { title: "journeys.edit", needs: "journeys.write" } },
  { path: "/imports", name: "imports", component: () => import("@/pages/imports/List.vue"), meta: { title: "nav.imports", needs: "imports.write" } },
  { path: "/imports/late", name: "late", component: () => import("@/pages/imports/Late.vue"), meta: { title: "imports.late", needs: "imports.write" } },
  { path: "/imports/:id(\\d+)", name: "import", component: () => import("@/pages/imports/Import.vue"), meta: { title: "nav.imports", needs: "imports.write" } },
  { path: "/settings", redirect: "/settings/merchant" },
  { path: "/settings/merchant", name: "settings-merchant", component: () => import("@/pages/settings/Merchant.vue"), meta: { title: "settings.merchant" } },
  { path: "/settings/stores", name: "settings-stores", component: () => import("@/pages/settings/Stores.vue"), meta: { title: "settings.stores" } },
  { path: "/settings/attributes", name: "settings-attributes", component: () => import("@/pages/settings/Attributes.vue"), meta: { title: "attributes.title", needs: "attributes.write" } },
  { path: "/settings/playbooks", name: "settings-playbooks", component: () => import("@/pages/settings/Playbooks.vue"), meta: { title: "playbooks.title", needs: "tiers.write" } },
  { path: "/settings/staff", name: "settings-staff", component: () => import("@/pages/settings/Staff.vue"), meta: { title: "settings.staff", needs: "staff.write" } },
  { path: "/settings/keys", name: "settings-keys", component: () => import("@/pages/settings/Keys.vue"), meta: { title: "settings.keys", needs: "keys.write" } },
  { path: "/settings/webhooks", name: "settings-webhooks", component: () => import("@/pages/settings/Webhooks.vue"), meta: { title: "webhooks.title", needs: "keys.write" } },
  { path: "/settings/audit", name: "settings-audit", component: () => import("@/pages/settings/Audit.vue"), meta: { title: "settings.audit", needs: "audit.read" } },
  { path: "/settings/operations", name: "settings-operations", component: () => import("@/pages/settings/Operations.vue"), meta: { title: "operations.title", needs: "audit.read" } },
  { path: "/help", name: "help", component: () => import("@/pages/Help.vue"), meta: { title: "nav.help" } },
  { path: "/forbidden", name: "forbidden", component: () => import("@/pages/Forbidden.vue"), meta: { title: "page.forbidden" } },
  { path: "/:rest(.*)*", name: "lost", component: () => import("@/pages/Lost.vue"), meta: { title: "page.lost" } },
];

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? undefined : { top: 0 }),
});

router.beforeEach((to) => {
  if (to.name === "login") return signedIn.value ? { path: "/" } : true;
  if (!signedIn.value) return { name: "login", query: to.fullPath === "/" ? {} : { next: to.fullPath } };
  if (to.meta.needs && !may(to.meta.needs)) return { name: "forbidden", query: { from: to.fullPath } };
  return true;
});

function nameDocument() {
  const title = router.currentRoute.value.meta.title;
  document.title = title ? `${t(title)} · ${t("word.shuke")}` : t("word.shuke");
}
router.afterEach((to, from) => {
  void nextTick(nameDocument);
  if (from.name && to.path !== from.path) void nextTick(() => document.getElementById("main")?.focus({ preventScroll: true }));
});
watch(locale, nameDocument);
