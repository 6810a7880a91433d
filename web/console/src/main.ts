import { createApp } from "vue";
import { QueryClient, VueQueryPlugin } from "@tanstack/vue-query";
import { ApiError, api } from "@/api";
import type { Session } from "@/api/shapes";
import App from "@/App.vue";
import { i18n, rememberedLocale, useLocale } from "@/app/locale";
import { router } from "@/app/router";
import { maybeSignedIn, onSessionLost, setSession } from "@/app/session";
import { startTheme } from "@/app/theme";
import "@/styles/element.css";
import "@/styles/tokens.css";
import "@/styles/base.css";

startTheme();

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: true,
      retry: (failures, error) => failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 502),
    },
  },
});

async function start() {
  let wanted = rememberedLocale();
  try {
    if (maybeSignedIn()) {
      const found = await api.get<Session>("/session");
      setSession(found);
      if (found.locale === "zh" || found.locale === "en") wanted = found.locale;
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    setSession(null);
  }
  await useLocale(wanted);
  onSessionLost(() => {
    queries.clear();
    void router.push({ name: "login", query: { next: router.currentRoute.value.fullPath } });
  });
  const app = createApp(App).use(i18n).use(VueQueryPlugin, { queryClient: queries }).use(router);
  await router.isReady();
  app.mount("#app");
}

void start();
