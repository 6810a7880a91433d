/** Whether the screen is a phone's. */
import { ref } from "vue";

const media = window.matchMedia("(max-width: 767px)");
export const phone = ref(media.matches);
media.addEventListener("change", (event) => (phone.value = event.matches));

/** Whether what stands beside something stands below it instead: a phone or a narrow window. */
const slim = window.matchMedia("(max-width: 1023px)");
export const narrow = ref(slim.matches);
slim.addEventListener("change", (event) => (narrow.value = event.matches));
