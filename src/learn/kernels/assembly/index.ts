// What the module offers to ../load-kernels.ts. Pointers are bytes from the beginning of the memory.
export { binValues } from "./bin-values";
export { chunkBins } from "./chunk-bins";
export { addToClassHistogram } from "./class-histogram";
export { growClassTree } from "./class-tree";
export { expOf } from "./exp";
export { addToHistogram, mergeHistogram, subtractHistogram } from "./histogram";
export { growLaneTree } from "./lane-tree";
export { useScratch } from "./layout";
export { addLeafValues, sumLeaves } from "./leaves";
export { logisticGradients } from "./logistic";
export { largestOf, packGradients } from "./pack-gradients";
export { joinRows, partitionRows, partRows } from "./partition";
export { addTreeOutputs } from "./predict";
export { classGradients, softmaxProbabilities } from "./softmax";
export { sortValues } from "./sort-values";
export { findSplit } from "./split";
export { addToValueHistogram } from "./value-histogram";
