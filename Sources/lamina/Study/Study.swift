import Foundation
import Metrics
import Recipes
import SSL
import Segmentation
import SliceStore
import Torch

/// A study while it runs: everything under one folder, each part made once and taken up where it
/// stopped.
///
///     cohort.zarr, slices.zarr    the scans, split by patient
///     pretrain-ARM-sSEED          a pretrained encoder each, and its spectra
///     results.jsonl               a line a fit, with the scores of every test volume
///     study.md, *.svg             tables and plots
///
/// Several processes may go on with the same study at once, on one machine or many that share its folder:
/// each takes what no other is at.
struct Study {
  private let recipe: StudyRecipe
  private let pipelines: [String: Pipeline]
  private let cells: [StudyCell]
  private let folder: String
  private let deviceName: String
  private let threads: Int
  private let console: Console
  private let stages: StageRecord
  private let claims: Claims
  private var results: StudyResults
  private var plans: [StudyCell: Plan] = [:]

  private var cohort: String { folder + "/cohort.zarr" }
  private var slices: String { folder + "/slices.zarr" }

  /// Reads the arms' recipes, which lie beside the study's own.
  init(
    _ recipe: StudyRecipe, armsIn recipes: String, folder: String, device: String, threads: Int,
    console: Console
  ) throws {
    (self.recipe, self.folder, self.console) = (recipe, folder, console)
    (deviceName, self.threads) = (device, threads)
    var pipelines: [String: Pipeline] = [:]
    for arm in recipe.arms { pipelines[arm] = try recipe.pipeline(arm: arm, in: recipes) }
    (self.pipelines, cells) = (pipelines, recipe.cells(pipelines))
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    (stages, claims) = (try StageRecord(folder: folder), try Claims(folder: folder))
    results = try StudyResults(folder + "/results.jsonl", claims)
    try recipe.keep(in: folder)
  }

  /// Pretrains every arm, makes every fit that is not there yet, and writes the tables.
  mutating func run() throws -> StudyTables {
    try claims.holding("scans") { try prepare() }
    // First what nobody else is at; what others are at is waited for when nothing else is left.
    try pretrain(waiting: false)
    try fit(waiting: false)
    try pretrain(waiting: true)
    try fit(waiting: false)
    try fit(waiting: true)
    return try write()
  }

  private func prepare() throws {
    var base = Pipeline()
    (base.data, base.ingest, base.prepare) = (recipe.data, recipe.ingest, recipe.prepare)
    let road = try Road(base, in: folder, device: deviceName, json: false, console: console)
    _ = try road.ingest()
    try road.prepare()
  }

  private func pretrain(waiting: Bool) throws {
    for encoder in recipe.encoders(pipelines) {
      try claims.holding(encoder.name, waiting: waiting) { try pretrain(encoder) }
    }
  }

  /// Pretrains an encoder and takes the spectra of its features on the test split.
  private func pretrain(_ encoder: StudyEncoder) throws {
    guard var pipeline = pipelines[encoder.arm] else { return }
    pipeline.pretrain.seed = encoder.seed
    let (store, run) = (try SliceStore(slices), folder + "/" + encoder.name)
    let state = try stages.begin(
      encoder.name, output: encoder.name,
      inputs: fingerprint(Recipe.json(of: pipeline.pretrain), Data(store.digest.utf8)))
    guard state != .finished else { return }
    // How many cores a process has is no part of what is learned: others that share the folder may have more.
    if threads > 0 { pipeline.pretrain.threads = threads }
    console.note("study: pretraining \(encoder.arm), seed \(encoder.seed)")
    _ = try pretrainStage(
      slices, into: run, pipeline: pipeline, resume: state == .unfinished,
      device: openDevice(named: deviceName), console: console)
    let report = try spectrum(
      run: run, store, slices: store.slices(ofVolumes: store.split(.test)),
      device: openDevice(named: deviceName))
    try JSONEncoder().encode(report).write(
      to: URL(fileURLWithPath: spectra(of: encoder)), options: .atomic)
    try stages.finish(encoder.name)
  }

  private func spectra(of encoder: StudyEncoder) -> String {
    folder + "/" + encoder.name + "/spectra.json"
  }

  private mutating func fit(waiting: Bool) throws {
    for cell in cells where waiting || isPretrained(cell) {
      let plan = try plan(cell)
      guard results.result(of: cell, inputs: plan.inputs) == nil else { continue }
      try claims.holding(cell.name, waiting: waiting) {
        guard results.result(of: cell, inputs: plan.inputs) == nil else { return }
        try make(cell, plan)
      }
    }
  }

  private func isPretrained(_ cell: StudyCell) -> Bool {
    cell.encoder.map { stages.isFinished($0.name) } ?? true
  }

  private struct Plan {
    var fit: FinetuneRecipe
    /// A name for everything that the fit follows from.
    var inputs: String
    /// When the encoder that the name was made of was written; nil from scratch.
    var written: Date?
  }

  /// A cell's fit. Its name is made once, since that reads the encoder whole, and again only where another process has
  /// made the encoder anew.
  private mutating func plan(_ cell: StudyCell) throws -> Plan {
    guard let pipeline = pipelines[cell.arm] else { throw Failure("\(cell.arm): no such arm.") }
    let weights = cell.encoder.map { "\(folder)/\($0.name)/encoder.safetensors" }
    let written = weights.flatMap { modified($0) }
    if let plan = plans[cell], plan.written == written { return plan }
    var fit = cell.mode.isLinear ? recipe.linear : pipeline.finetune
    if cell.encoder != nil { fit.mode = cell.mode }
    (fit.volumes, fit.seed) = (cell.volumes, UInt64(cell.choice))
    let inputs = fingerprint(
      Recipe.json(of: fit), Data(try SliceStore(slices).digest.utf8),
      weights.flatMap(FileManager.default.contents(atPath:)) ?? Data())
    if threads > 0 { fit.threads = threads }
    let plan = Plan(fit: fit, inputs: inputs, written: written)
    plans[cell] = plan
    return plan
  }

  private func modified(_ path: String) -> Date? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
  }

  private mutating func make(_ cell: StudyCell, _ plan: Plan) throws {
    let started = ContinuousClock.now
    let run = folder + "/fits/" + cell.name
    _ = try stages.begin(cell.name, output: "fits/" + cell.name, inputs: plan.inputs)
    _ = try finetuneStage(
      slices, encoder: cell.encoder.map { folder + "/" + $0.name }, into: run, recipe: plan.fit,
      device: openDevice(named: deviceName), console: Console(quiet: true))
    let result = StudyResult(
      cell: cell, inputs: plan.inputs, cases: try scores(of: run, threads: plan.fit.threads),
      seconds: (ContinuousClock.now - started) / .seconds(1))
    try results.add(result)
    try FileManager.default.removeItem(atPath: run)
    let tables = try write()
    console.note(
      "study: \(tables.results.count) of \(cells.count), \(cell.name): "
        + String(format: "Dice %.3f", result.dice))
  }

  /// Dice and distances of every test volume, on the grid of the scan.
  private func scores(of run: String, threads: Int) throws -> [CaseScores] {
    let (store, scans) = (try SliceStore(slices), try CohortStore(cohort))
    let segmenter = try Segmenter(run: run, device: openDevice(named: deviceName), threads: threads)
    return try store.split(.test).compactMap { volume in
      let record = try scans.record(store.volumes[volume].id)
      let wanted = recipe.prepare.label
      guard let label = record.labels.first(where: { wanted == nil || $0.name == wanted }) else {
        return nil
      }
      let mask = try segmenter.predict(
        scans.volume(record.id), modality: record.modality ?? "", name: record.id,
        shouldStop: { Interruption.isRequested })
      return try score(
        mask, against: scans.label(record.id, label.name), case: record.id,
        labels: segmenter.description.labels.filter { $0 > 0 })
    }
  }

  /// Writes the tables and plots of what there is.
  @discardableResult
  private func write() throws -> StudyTables {
    let tables = try tables()
    try tables.markdown.write(toFile: folder + "/study.md", atomically: true, encoding: .utf8)
    for mode in recipe.modes {
      try tables.plot(mode).svg().write(
        toFile: folder + "/\(mode.rawValue).svg", atomically: true, encoding: .utf8)
    }
    return tables
  }

  private func tables() throws -> StudyTables {
    let data = try LabelledSlices(SliceStore(slices))
    let cells = Set(cells)
    var reports: [String: SpectrumReport] = [:]
    for encoder in recipe.encoders(pipelines) {
      guard let found = FileManager.default.contents(atPath: spectra(of: encoder)) else { continue }
      let name = recipe.seeds.count > 1 ? "\(encoder.arm)-s\(encoder.seed)" : encoder.arm
      reports[name] = try? JSONDecoder().decode(SpectrumReport.self, from: found)
    }
    return StudyTables(
      recipe: recipe, results: results.done.filter { cells.contains($0.key) },
      withDecoder: recipe.armsWithDecoder(pipelines),
      all: data.labelled(data.training).count, spectra: reports)
  }
}
