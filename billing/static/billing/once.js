/* A form marked co-once is sent once: a second press of its buttons finds them resting. */
"use strict";
for (const form of document.querySelectorAll("form.co-once")) {
  form.addEventListener("submit", () => {
    // After the browser has read which button was pressed.
    setTimeout(() => form.querySelectorAll("button").forEach((button) => { button.disabled = true; }));
  });
}
// A page that the browser brings back from its memory must work again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});
