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
///     pretrain/ARM-sSEED          a pretrained encoder each
///     results.jsonl               a line a fit, with the scores of every test volume
///     study.md, *.svg             tables and plots
struct Study {
  private let recipe: StudyRecipe
  private let pipelines: [String: Pipeline]
  private let folder: String
  private let deviceName: String
  private let threads: Int
  private let console: Console
  private var stages: StageRecord
  private var results: StudyResults

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
    self.pipelines = pipelines
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    stages = StageRecord(folder: folder)
    results = try StudyResults(folder + "/results.jsonl")
    try Recipe.yaml(of: recipe).write(
      toFile: folder + "/recipe.yaml", atomically: true, encoding: .utf8)
  }

  /// Pretrains every arm, makes every fit that is not there yet, and writes the tables.
  mutating func run() throws -> StudyTables {
    try prepare()
    var spectra: [String: SpectrumReport] = [:]
    for arm in recipe.arms where pipelines[arm]?.finetune.mode != .scratch {
      for seed in recipe.seeds {
        let report = try pretrain(arm, seed: seed)
        spectra[recipe.seeds.count > 1 ? "\(arm)-s\(seed)" : arm] = report
      }
    }
    let cells = recipe.cells(pipelines)
    for (number, cell) in cells.enumerated() {
      let result = try fit(cell)
      console.note(
        "study: \(number + 1) of \(cells.count), \(cell.name): "
          + String(format: "Dice %.3f", result.dice))
      try write(tables(spectra))
    }
    return try tables(spectra)
  }

  private mutating func prepare() throws {
    var base = Pipeline()
    (base.data, base.ingest, base.prepare) = (recipe.data, recipe.ingest, recipe.prepare)
    var road = try Road(base, in: folder, device: deviceName, json: false, console: console)
    _ = try road.ingest()
    try road.prepare()
    stages = StageRecord(folder: folder)
  }

  /// The ranks of an arm's features on the test split, its encoder pretrained first if need be.
  private mutating func pretrain(_ arm: String, seed: UInt64) throws -> SpectrumReport {
    guard var pipeline = pipelines[arm] else { throw Failure("\(arm): no such arm.") }
    pipeline.pretrain.seed = seed
    if threads > 0 { pipeline.pretrain.threads = threads }
    let store = try SliceStore(slices)
    let output = pretrained(arm, seed)
    let state = try stages.begin(
      output, output: output,
      inputs: fingerprint(Recipe.json(of: pipeline.pretrain), Data(store.digest.utf8)))
    if state != .finished {
      console.note("study: pretraining \(arm), seed \(seed)")
      _ = try pretrainStage(
        slices, into: folder + "/" + output, pipeline: pipeline, resume: state == .unfinished,
        device: device(named: deviceName), console: console)
      try stages.finish(output)
    }
    return try spectrum(
      run: folder + "/" + output, store, slices: store.slices(ofVolumes: store.split(.test)))
  }

  private func pretrained(_ arm: String, _ seed: UInt64) -> String { "pretrain-\(arm)-s\(seed)" }

  /// The scores of a cell: as they were found, or of a fit made now.
  private mutating func fit(_ cell: StudyCell) throws -> StudyResult {
    guard let pipeline = pipelines[cell.arm] else { throw Failure("\(cell.arm): no such arm.") }
    var chosen = cell.mode == .linear ? recipe.linear : pipeline.finetune
    if cell.mode == .full && cell.seed > 0 { chosen.mode = .full }
    (chosen.volumes, chosen.seed) = (cell.volumes, UInt64(cell.choice))
    let encoder = cell.seed > 0 ? folder + "/" + pretrained(cell.arm, cell.seed) : nil
    let inputs = fingerprint(
      Recipe.json(of: chosen), Data(try SliceStore(slices).digest.utf8),
      encoder.flatMap { FileManager.default.contents(atPath: $0 + "/encoder.safetensors") }
        ?? Data())
    if let known = results.result(of: cell, inputs: inputs) { return known }
    if threads > 0 { chosen.threads = threads }
    let started = ContinuousClock.now
    let run = folder + "/fits/" + cell.name
    _ = try stages.begin(cell.name, output: "fits/" + cell.name, inputs: inputs)
    _ = try finetuneStage(
      slices, encoder: encoder, into: run, recipe: chosen, device: device(named: deviceName),
      console: Console(quiet: true))
    let result = StudyResult(
      cell: cell, inputs: inputs, cases: try scores(of: run, threads: chosen.threads),
      seconds: (ContinuousClock.now - started) / .seconds(1))
    try results.add(result)
    try FileManager.default.removeItem(atPath: run)
    return result
  }

  /// Dice and distances of every test volume, on the grid of the scan.
  private func scores(of run: String, threads: Int) throws -> [CaseScores] {
    let (store, scans) = (try SliceStore(slices), try CohortStore(cohort))
    let segmenter = try Segmenter(run: run, device: device(named: deviceName), threads: threads)
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

  private func tables(_ spectra: [String: SpectrumReport]) throws -> StudyTables {
    let data = try LabelledSlices(SliceStore(slices))
    let cells = Set(recipe.cells(pipelines))
    return StudyTables(
      recipe: recipe, results: results.done.filter { cells.contains($0.key) },
      all: data.labelled(data.training).count, spectra: spectra)
  }

  private func write(_ tables: StudyTables) throws {
    try tables.markdown.write(toFile: folder + "/study.md", atomically: true, encoding: .utf8)
    for mode in recipe.modes {
      try tables.plot(mode).svg().write(
        toFile: folder + "/\(mode.rawValue).svg", atomically: true, encoding: .utf8)
    }
  }
}
