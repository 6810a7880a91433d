/** Whether the screen is a phone's. */
import { ref } from "vue";

const media = window.matchMedia("(max-width: 767px)");
export const phone = ref(media.matches);
media.addEventListener("change", (event) => (phone.value = event.matches));
