import Foundation
import Loader
import Prepare
import Recipes
import SSL
import SliceStore
import Torch

/// Pretrains an encoder on the training split of a slice store; goes on where a run stopped.
func pretrainStage(
  _ slices: String, into run: String, pipeline: Pipeline, resume: Bool, device: Device,
  console: Console
) throws -> PretrainResult {
  Interruption.listen()
  let store = try SliceStore(slices)
  let chosen = try trainingSlices(of: store)
  if chosen.left > 0 {
    console.note("pretrain: \(chosen.left) near-duplicate slices are left out")
  }
  let bar = ProgressBar("pretrain", unit: "batches", known: "made before", console: console)
  var (hasBegun, told, made) = (false, 0, 0)
  let result = try pretrain(
    PretrainData(
      store, slices: chosen.slices,
      preprocessing: String(decoding: Recipe.json(of: store.attributes.recipe), as: UTF8.self),
      digest: store.digest),
    recipe: pipeline.pretrain, into: run, resume: resume,
    recipeText: Recipe.yaml(of: pipeline.pretrain), device: device,
    shouldStop: { Interruption.isRequested }
  ) { progress in
    if !hasBegun {
      for note in progress.notes { console.note("pretrain: \(note)") }
      (hasBegun, made) = (true, resume ? progress.batches : 0)
    }
    if let record = progress.record, record.step != told, record.verdict != nil {
      told = record.step
      tell(record, isLast: progress.batches >= progress.of, bar, console)
    }
    bar.update(
      ProgressBar.Share(done: progress.batches, total: progress.of, known: made),
      remark: remark(progress.record))
  }
  bar.finish()
  guard result.isComplete else {
    throw Failure("Stopped at step \(result.step); the same command with --resume goes on.")
  }
  return result
}

/// What pretraining learns from: the training split, without the near-duplicates where the slices were prepared with
/// `nearDuplicates: drop`. They are found by reading the split once.
func trainingSlices(of store: SliceStore) throws -> (slices: SliceSelection, left: Int) {
  let all = store.slices(ofVolumes: store.split(.train))
  guard let recipe = try? PrepareRecipe(recorded: store.attributes.recipe),
    recipe.nearDuplicates == .drop
  else { return (all, 0) }
  var apart = SliceSelection()
  try store.findNearDuplicates(among: all, similarity: recipe.similarity) { slice, isNear in
    if !isNear { apart.append(slice..<slice + 1, volume: store.volume(of: slice)) }
  }
  return (apart, all.count - apart.count)
}

/// Says what the spectra of a step show; the verdict of the last step is the run's result.
private func tell(
  _ record: PretrainRecord, isLast: Bool, _ bar: ProgressBar, _ console: Console
) {
  guard !isLast || record.warning != nil else { return }
  bar.finish()
  if let verdict = record.verdict, !isLast {
    console.note("pretrain: step \(record.step): \(verdict)")
  }
  if let warning = record.warning { console.note("pretrain: warning: \(warning).") }
}

/// The losses of a line of the log, with what they would be by chance.
private func remark(_ record: PretrainRecord?) -> String {
  guard let record else { return "" }
  var parts = [String(format: "loss %.3f", record.loss)]
  if let local = record.local { parts.append(String(format: "local %.3f", local)) }
  for (name, value) in (record.terms ?? [:]).sorted(by: { $0.key < $1.key }) {
    parts.append(name + String(format: " %.3f", value))
  }
  if let top = record.topOne, let chance = record.chance {
    parts.append(String(format: "top-1 %.3f (chance %.4f)", top, chance))
  }
  if let top = record.batchTopOne { parts.append(String(format: "in the batch %.3f", top)) }
  return parts.joined(separator: ", ")
}

/// Opens LibTorch and says which device to compute on; from then on cuDNN looks for the fastest
/// algorithms if that is a GPU.
///
/// - Throws: LibTorch's sentence when it is not there; a ``Failure`` for a device that is not.
func openDevice(named name: String) throws -> Device {
  try LibTorch.load()
  guard let device = Device(name) else {
    throw Failure("--device \(name): write cpu, cuda, or cuda:N.")
  }
  if case .cuda(let index) = device, index >= Device.cudaCount {
    throw Failure(
      "--device \(name): this LibTorch sees \(Device.cudaCount) CUDA devices; "
        + "build with LIBTORCH=/path to one with CUDA, or use --device cpu.")
  }
  try LibTorch.setAlgorithmSearch(device != .cpu)
  return device
}
