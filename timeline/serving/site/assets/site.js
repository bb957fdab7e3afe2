// What only pages of a service have.
{
  // A calendar program finds the service where the browser found it.
  for (const link of document.querySelectorAll('a[href^="webcal:"]')) {
    const { host } = new URL(link.href.replace(/^webcal:/, "http:"));
    link.href = link.href.replace(host, location.host);
  }
  // On a narrow screen a picture begins where its day is.
  for (const pane of document.querySelectorAll(".picture .lanes")) {
    const at = pane.querySelector("line.asof").getBoundingClientRect().left, seen = pane.getBoundingClientRect();
    if (at > seen.right - 60) pane.scrollLeft = at - seen.right + 120;
  }
  // Choosing a state of knowledge needs no button.
  const known = frame.$("known");
  if (known) known.addEventListener("change", () => known.form.requestSubmit());
}
