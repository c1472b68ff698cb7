// What the module offers to ../load-kernels.ts. Pointers are bytes from the beginning of the memory.
export { binValues } from "./bin-values";
export { addToClassHistogram } from "./class-histogram";
export { addToHistogram, subtractHistogram } from "./histogram";
export { largestOf, packGradients } from "./pack-gradients";
export { partitionRows } from "./partition";
export { addTreeOutputs } from "./predict";
export { sortValues } from "./sort-values";
export { findSplit } from "./split";
