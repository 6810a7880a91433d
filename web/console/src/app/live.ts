/** The server's heartbeat of news: whoever shows figures reads again when something new was mirrored. */
import { onBeforeUnmount, onMounted, ref } from "vue";
import { fileUrl } from "@/api";

export function useLive(onNews: () => void) {
  const live = ref(false);
  let source: EventSource | null = null;
  let due: ReturnType<typeof setTimeout> | null = null;

  onMounted(() => {
    source = new EventSource(fileUrl("/events"));
    source.onopen = () => (live.value = true);
    source.onerror = () => (live.value = false);
    source.onmessage = () => {
      live.value = true;
      due ??= setTimeout(() => {
        due = null;
        onNews();
      }, 800);
    };
  });
  onBeforeUnmount(() => {
    source?.close();
    if (due) clearTimeout(due);
  });
  return live;
}
