/** Filters live in the address, so that going back and sending the link show the same list. */
import { computed } from "vue";
import { useRoute, useRouter } from "vue-router";

export function useFilters<K extends string>(...names: K[]) {
  const route = useRoute();
  const router = useRouter();
  const filters = computed(() => Object.fromEntries(names.map((name) => [name, String(route.query[name] ?? "")])) as Record<K, string>);
  const filtered = computed(() => names.some((name) => filters.value[name]));
  function put(changes: Record<string, string>) {
    const next = { ...route.query, ...changes };
    void router.replace({ query: Object.fromEntries(Object.entries(next).filter(([, value]) => value)) });
  }
  return { filters, filtered, put };
}
