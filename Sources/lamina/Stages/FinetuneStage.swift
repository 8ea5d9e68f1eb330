import Foundation
import Recipes
import Segmentation
import SliceStore
import Torch

/// Trains a segmenter on the labelled volumes of a slice store's training split.
func finetuneStage(
  _ slices: String, encoder: String?, into run: String, recipe: FinetuneRecipe, device: Device,
  console: Console
) throws -> FinetuneResult {
  Interruption.listen()
  let store = try SliceStore(slices)
  let start = encoder ?? (recipe.initialWeights.isEmpty ? nil : recipe.initialWeights)
  let pretrained =
    recipe.mode == .scratch ? nil : try start.map { try PretrainedEncoder(reading: $0) }
  let bar = ProgressBar("finetune", unit: "steps", console: console)
  let result = try finetune(
    LabelledSlices(store), recipe: recipe, from: pretrained, into: FinetuneRun(run),
    device: device,
    progress: { progress in
      bar.update(
        progress.step, of: progress.steps, remark: String(format: "loss %.3f", progress.loss))
    }, shouldStop: { Interruption.isRequested })
  bar.finish()
  if let pretrained, let report = result.encoder {
    console.note("finetune: started from \(pretrained.path): \(report.matched.count) tensors")
  }
  guard result.isFinished else {
    throw Failure("Stopped at step \(result.step); the same command goes on from there.")
  }
  try Recipe.yaml(of: recipe).write(
    toFile: run + "/recipe.yaml", atomically: true, encoding: .utf8)
  return result
}

/// What fine-tuning came to, in a line.
func summary(of result: FinetuneResult) -> String {
  var line = "finetune: \(result.step) steps on \(result.volumes.count) labelled volumes"
  if result.hasStoppedEarly { line += ", stopped early: the validation split scored no better" }
  if let dice = result.validationDice {
    line += String(format: "; Dice on the slices of the validation split %.3f", dice)
  }
  return line
}
