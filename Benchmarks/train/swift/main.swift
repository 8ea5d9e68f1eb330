import Foundation
import Loader
import Recipes
import SSL
import SliceStore
import Torch

/// The step of pretraining alone: one batch of a slice store, learned from again and again.
///
///     bench-train STORE RECIPE STEPS WARM TENSORS DEVICE
///
/// RECIPE has the keys of `pretrain` in a pipeline. The batch and the first weights are written to TENSORS, for the
/// twin that is run beside it. Prints the seconds of STEPS − WARM steps, and the first and last losses, as JSON: CPU seconds
/// on a CPU, by the clock on a GPU, whose work is waited for before and after.
struct Measured: Encodable {
  var libtorch: String
  var images: Int
  var seconds: Double
  var first: StepLosses<Double>
  var last: StepLosses<Double>
}

func seconds(_ device: Device) throws -> Double {
  try device.synchronize()
  var time = timespec()
  clock_gettime(device == .cpu ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

func write(_ batch: CropPairBatch, _ moco: MoCo, to path: String) throws {
  let views = try Views(batch, moco.recipe, device: .cpu)
  var tensors = moco.query.store.tensors(prefix: "query.")
  tensors["batch.queries"] = views.queries
  tensors["batch.keys"] = views.keys
  tensors["batch.queryPoints"] = views.queryPoints
  tensors["batch.keyPoints"] = views.keyPoints
  tensors["batch.volumes"] = views.tags.volumes
  tensors["batch.positions"] = views.tags.positions
  if let regions = batch.regions {
    let square = [batch.count, regions.count, regions.count]
    tensors["batch.overlap"] = try Tensor(regions.overlap, square)
    tensors["batch.valid"] = try Tensor(regions.valid, [batch.count])
  }
  try SafeTensors(tensors: tensors, metadata: [:]).write(to: path)
}

func run(_ arguments: [String]) throws {
  guard arguments.count == 7, let steps = Int(arguments[3]), let warm = Int(arguments[4]),
    (1..<steps).contains(warm), let device = Device(arguments[6])
  else { fatalError("bench-train STORE RECIPE STEPS WARM TENSORS DEVICE") }
  try LibTorch.load()
  try LibTorch.setAlgorithmSearch(device != .cpu)
  let store = try SliceStore(arguments[1])
  let slices = store.slices(ofVolumes: store.split(.train))
  let recipe = try Recipe.load(PretrainRecipe(), file: arguments[2], overrides: [])
    .resolved(slices: slices.count)
  LibTorch.threads = max(1, recipe.threads)
  var moco = try MoCo(recipe, channels: store.channels, device: device)
  let batch = try CropPairBatches(
    store, slices: slices, recipe: recipe.crops, batchSize: recipe.batch, seed: recipe.seed,
    threads: 0
  ).next()
  try write(batch, moco, to: arguments[5])
  while moco.isFilling { try moco.fill(from: batch) }
  moco.optimiser.learningRate = recipe.lr
  var losses: [StepLosses<Tensor>] = []
  var begin = 0.0
  for step in 0..<steps {
    if step == warm { begin = try seconds(device) }
    losses.append(try moco.step(batch))
  }
  let end = try seconds(device)
  let measured = Measured(
    libtorch: LibTorch.version, images: (steps - warm) * batch.count, seconds: end - begin, first: try losses[0].read(),
    last: try losses[steps - 1].read())
  print(String(decoding: try JSONEncoder().encode(measured), as: UTF8.self))
}

try run(CommandLine.arguments)
