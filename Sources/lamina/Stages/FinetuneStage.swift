import Foundation
import NN
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
  var hasBegun = false
  let result = try finetune(
    LabelledSlices(store), recipe: recipe, from: pretrained, into: FinetuneRun(run),
    device: device,
    progress: { progress in
      if let pretrained, let report = progress.encoder, !hasBegun {
        console.note("finetune: started from \(pretrained.path): \(words(of: report))")
      }
      hasBegun = true
      bar.update(
        progress.step, of: progress.steps,
        remark: progress.loss.map { String(format: "loss %.3f", $0) } ?? "")
    }, shouldStop: { Interruption.isRequested })
  bar.finish()
  guard result.isFinished else {
    throw Failure("Stopped at step \(result.step); the same command goes on from there.")
  }
  try Recipe.yaml(of: recipe).write(
    toFile: run + "/recipe.yaml", atomically: true, encoding: .utf8)
  return result
}

/// What was taken of somebody's weights.
private func words(of report: LoadReport) -> String {
  let others = [
    (report.mismatched.count, "of another shape left out"),
    (report.unexpected.count, "unknown left out"),
    (report.missing.count, "of this network begin at random"),
  ]
  return
    (["\(report.matched.count) tensors"]
    + others.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }).joined(separator: ", ")
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
