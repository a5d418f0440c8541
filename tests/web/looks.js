// What is wrong with how a page looks, as sentences; run in the page by test_page_looks.py.
([fingers]) => {
  const wrong = [];
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a), 1];
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (first, second) => {
    const [low, high] = [luminance(first), luminance(second)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const visible = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getBoundingClientRect().width > 1;
  const named = (element) => `${element.tagName.toLowerCase()}#${element.id}.${element.className?.baseVal ?? element.className} "${element.textContent.trim().slice(0, 30)}"`;

  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) wrong.push(`the page is ${document.documentElement.scrollWidth} px wide`);
  for (const element of document.querySelectorAll("body *")) {
    if (!visible(element)) continue;
    const style = getComputedStyle(element);
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const svg = element.closest("svg") !== null;
    if (own && !svg && element.closest(".veil") === null) {
      const least = contrast(over(rgba(style.color), behind(element)), behind(element));
      if (least < 4.5) wrong.push(`contrast ${least.toFixed(2)}: ${named(element)}`);
    }
    if (svg && own && element.tagName === "text") {
      const least = contrast(rgba(style.fill), behind(element.closest("svg").parentElement));
      if (least < 4.5) wrong.push(`contrast ${least.toFixed(2)}: ${named(element)}`);
    }
    if (element.placeholder) {
      const least = contrast(over(rgba(getComputedStyle(element, "::placeholder").color), behind(element)), behind(element));
      if (least < 4.5) wrong.push(`contrast ${least.toFixed(2)}: placeholder of ${named(element)}`);
    }
    // text that a box cuts off, without dots and without a way to scroll there
    const cuts = ["hidden", "clip"].includes(style.overflowX) && style.textOverflow !== "ellipsis";
    if (cuts && !svg && element.scrollWidth > element.clientWidth + 1) wrong.push(`cut off: ${named(element)}`);
    const scrolls = ["auto", "scroll"].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
    if (scrolls && element.id !== "timeline") wrong.push(`has to be scrolled sideways: ${named(element)}`);
    if (fingers && element.matches("button, a, input:not([type=radio])") && !element.matches(".skip, .bar")) {
      const { width, height } = (element.closest("label") ?? element).getBoundingClientRect();
      if (width < 39.5 || height < 39.5) wrong.push(`small for a finger, ${width.toFixed(0)} × ${height.toFixed(0)}: ${named(element)}`);
    }
  }
  return [...new Set(wrong)];
}
