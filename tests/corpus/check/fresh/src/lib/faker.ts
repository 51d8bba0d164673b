const heads = ["amber", "birch", "cobalt", "damask", "ember", "fennel"];
const tails = ["bowl", "candle", "notebook", "pencil", "ribbon", "tray"];

function pick(list: string[]): string {
  return list[Math.floor(Math.random() * list.length)];
}

export const faker = {
  word: () => `${pick(heads)} ${pick(tails)}`,
};
