/** Reading lists page by page, and single things, from the console's routes. */
import { computed, toValue, type MaybeRefOrGetter } from "vue";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/vue-query";
import { api, ApiError, type Refusal } from "@/api";
import type { Page } from "@/api/shapes";

type Params = Record<string, string | number | boolean | null | undefined>;
const refusal = (error: unknown): Refusal | null => (error instanceof ApiError ? error.refusal : null);

export function useList<T>(path: MaybeRefOrGetter<string>, params: MaybeRefOrGetter<Params> = {}, enabled: MaybeRefOrGetter<boolean> = true) {
  const query = useInfiniteQuery({
    queryKey: computed(() => [toValue(path), toValue(params)]),
    queryFn: ({ pageParam, signal }) => api.get<Page<T>>(toValue(path), { ...toValue(params), cursor: pageParam || undefined }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    enabled: computed(() => toValue(enabled)),
  });
  return {
    rows: computed(() => query.data.value?.pages.flatMap((page) => page.items) ?? []),
    total: computed(() => query.data.value?.pages[0]?.total ?? null),
    loading: computed(() => query.isPending.value && query.fetchStatus.value !== "idle"),
    stale: query.isPlaceholderData,
    refusal: computed(() => refusal(query.error.value)),
    hasMore: query.hasNextPage,
    loadingMore: query.isFetchingNextPage,
    more: () => {
      if (query.hasNextPage.value && !query.isFetchingNextPage.value) void query.fetchNextPage();
    },
    again: () => void query.refetch(),
  };
}

export function useOne<T>(path: MaybeRefOrGetter<string>, params: MaybeRefOrGetter<Params> = {}, options: { every?: number | ((found: T | undefined) => number | false); enabled?: MaybeRefOrGetter<boolean>; keep?: boolean } = {}) {
  const query = useQuery({
    queryKey: computed(() => [toValue(path), toValue(params)]),
    queryFn: ({ signal }) => api.get<T>(toValue(path), toValue(params), signal),
    refetchInterval: (found) => (typeof options.every === "function" ? options.every(found.state.data as T | undefined) : (options.every ?? false)),
    enabled: computed(() => toValue(options.enabled) ?? true),
    placeholderData: options.keep ? keepPreviousData : undefined,
  });
  return {
    one: query.data,
    loading: computed(() => query.isPending.value && query.fetchStatus.value !== "idle"),
    refusal: computed(() => refusal(query.error.value)),
    status: computed(() => (query.error.value instanceof ApiError ? query.error.value.status : 0)),
    again: () => query.refetch(),
  };
}
