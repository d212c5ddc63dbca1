// A stand-in for a camera's picture, in every engine.

/** Gives the page `movingPicture`: a canvas of 640 x 480 that shows a picture, moving a little as a camera's does. */
export function defineMovingPicture(browser) {
  return browser.evaluate(() => {
    window.movingPicture = (picture) => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
      const context = canvas.getContext("2d");
      let count = 0;
      setInterval(() => {
        count += 1;
        context.fillStyle = "#888";
        context.fillRect(0, 0, 640, 480);
        context.drawImage(picture, 80 + (count % 2), 0, 480, 480);
      }, 40);
      return canvas;
    };
  });
}
