import Foundation
import Loader
import NN
import Torch

/// A run in the making: the method, its stream of batches, its log and its folder.
struct PretrainRun {
  let recipe: PretrainRecipe
  let data: PretrainData
  let folder: RunFolder
  let batches: CropPairBatches
  var method: any Objective
  var meter = Meter()
  /// The result of a run that was complete before it began.
  private(set) var finished: PretrainResult?
  private var records: PretrainLog?
  private var watch = CollapseWatch()
  private var last: PretrainRecord?
  private var saved = -1
  private var notes: [String] = []

  init(
    _ data: PretrainData, _ wanted: PretrainRecipe, _ folder: RunFolder, resume: Bool,
    device: Device
  ) throws {
    try LibTorch.load()
    recipe = try wanted.resolved(slices: data.slices.count)
    (self.data, self.folder) = (data, folder)
    LibTorch.use(threads: recipe.threads)
    try LibTorch.manualSeed(recipe.seed)
    method = try recipe.objective(channels: data.source.channels, device: device)
    var cursor = 0
    if !folder.checkpointSteps.isEmpty {
      guard resume else { throw PretrainError.exists(path: folder.path) }
      cursor = try takeUp(folder.newestCheckpoint(), &method, recipe, data, &notes)
      saved = method.step
      finished = folder.finished
    } else if !recipe.initialWeights.isEmpty {
      notes.append(try method.start(from: recipe.initialWeights))
    }
    var crops = recipe.crops
    if !recipe.contrastsRegions { crops.regions.count = 0 }
    batches = try CropPairBatches(
      data.source, slices: data.slices, recipe: crops, makingViews: recipe.views == .cpu,
      batchSize: recipe.batch, seed: recipe.seed, startStep: cursor,
      balance: recipe.balance == .volumes ? .volumes : .slices)
  }

  /// Makes the folder, its recipe and its log.
  mutating func begin(_ recipeText: String) throws {
    try folder.create()
    if !recipeText.isEmpty {
      try folder.write(Data(recipeText.utf8), to: folder.file("recipe.yaml"))
    }
    records = try PretrainLog(folder, continuingAfter: method.step)
    for record in records?.kept ?? [] { _ = warning(about: record.spectra) }
    meter.start()
  }

  /// Puts a batch's keys into the queue, before anything can be learned.
  mutating func fill(_ batch: CropPairBatch) throws {
    try method.fill(from: batch)
    meter.start()
  }

  /// Whether something that is done every so many steps is to be done now; 0 is never.
  func isDue(_ every: Int) -> Bool {
    every > 0 && (method.step.isMultiple(of: every) || (method.step == recipe.steps))
  }

  /// Writes a line of the log, with spectra when they are due.
  mutating func log() throws {
    var record = try meter.record(step: method.step, rate: method.optimiser.learningRate)
    if isDue(recipe.spectrumEvery) {
      let report = try spectrum(of: method, data.source, slices: data.slices, limit: 512)
      record.spectra = report.ranks
      record.verdict = report.verdict
      record.warning = warning(about: report.ranks)
    }
    try records?.append(record)
    last = record
    meter = Meter()
    meter.start()
  }

  /// What the spectra of a step give reason to say.
  private mutating func warning(about spectra: [String: TapRanks]?) -> String? {
    let pooled = spectra?[TapSpectra.Tap.pooled.rawValue + ".whitened"]
    guard let seen = pooled ?? spectra?[TapSpectra.Tap.pooled.rawValue] else { return nil }
    return watch.look(at: seen.all, recipe)
  }

  /// Writes a checkpoint of this step and removes the oldest.
  ///
  /// - Throws: ``PretrainError/diverged``, and writes nothing, when not all of it is numbers.
  mutating func save() throws {
    guard saved != method.step || method.isFilling else { return }
    let tensors = try method.tensors()
    guard try areFinite(tensors.values) else { throw PretrainError.diverged }
    var architecture = method.backbone.architecture
    architecture.batchNormGroups = 1  // a matter of contrast, not of the encoder that it leaves
    let header = CheckpointHeader(
      recipe: recipe, architecture: architecture, data: data.name,
      threads: LibTorch.threads, cursor: batches.step)
    let metadata = header.metadata.merging(method.numbers) { a, _ in a }
    try SafeTensors(tensors: tensors, metadata: metadata)
      .write(to: folder.checkpoint(step: method.step))
    try folder.prune(keep: recipe.keep)
    saved = method.step
  }

  /// Leaves a checkpoint and, after the last step, the encoder and the mark of completeness.
  mutating func end() throws -> PretrainResult {
    batches.cancel()
    try save()
    let complete = method.step == recipe.steps
    let result = PretrainResult(
      step: method.step, isComplete: complete, last: last, verdict: last?.verdict, notes: notes)
    if complete {
      try EncoderCheckpoint.load(folder.path).export(to: folder.encoder)
      try folder.write(Data(json(result).utf8), to: folder.marker)
    }
    return result
  }

  /// How far the run is.
  var progress: PretrainProgress {
    let fill = recipe.queue / recipe.batch
    return PretrainProgress(
      batches: batches.step, of: fill + recipe.steps, record: last, notes: notes)
  }
}

/// Puts a checkpoint's state into `method` and returns the loader's cursor.
private func takeUp(
  _ path: String, _ method: inout any Objective, _ recipe: PretrainRecipe, _ data: PretrainData,
  _ notes: inout [String]
) throws -> Int {
  let archive = try SafeTensors(reading: path)
  let header = try CheckpointHeader(archive.metadata, path: path)
  func same(_ holds: Bool, _ what: String) throws {
    if !holds { throw PretrainError.differs(path: path, what: what) }
  }
  try same(header.recipe.essence == recipe.essence, "the recipe")
  try same(header.data.digest == data.digest, "the slice store")
  try same(header.data == data.name, "the split or the preparation of the slices")
  try method.restore(archive, path: path)
  let begun = (header.threads, archive.metadata["libtorch"], archive.metadata["instructions"])
  let now = (LibTorch.threads, LibTorch.version, CheckpointHeader.instructions)
  if begun.0 != now.0 {
    notes.append("begun with \(begun.0) threads, continued with \(now.0): equal within rounding")
  }
  if begun.1 != now.1 || begun.2 != now.2 {
    notes.append("begun with another LibTorch or instruction set: equal within rounding")
  }
  return header.cursor
}

extension RunFolder {
  /// The result in a complete run's marker.
  var finished: PretrainResult? {
    guard let data = FileManager.default.contents(atPath: marker) else { return nil }
    return try? JSONDecoder().decode(PretrainResult.self, from: data)
  }
}

extension PretrainRecipe {
  /// The recipe without what may change between two halves of a run: how often it is logged and saved, and
  /// how many threads it has.
  var essence: PretrainRecipe {
    var copy = self
    let fixed = PretrainRecipe()
    (copy.saveEvery, copy.keep, copy.logEvery) = (fixed.saveEvery, fixed.keep, fixed.logEvery)
    (copy.spectrumEvery, copy.threads) = (fixed.spectrumEvery, fixed.threads)
    return copy
  }
}

/// Means of what steps cost, and how fast they went.
struct Meter {
  private var losses = MeanLosses()
  private var images = 0
  private var clock: ContinuousClock.Instant?

  mutating func start() { clock = .now }

  mutating func add(_ cost: Cost, images count: Int) {
    losses.add(cost)
    images += count
  }

  /// One line of the log: means over the steps that were added, which are read now.
  ///
  /// - Throws: ``PretrainError/diverged`` when they are no numbers.
  func record(step: Int, rate: Double) throws -> PretrainRecord {
    let means = try losses.read()
    let seconds = clock.map { (ContinuousClock.now - $0) / .seconds(1) } ?? 0
    return PretrainRecord(
      losses: means,
      standing: .init(
        step: step, learningRate: rate,
        imagesPerSecond: seconds > 0 ? Double(images) / seconds : 0))
  }
}
