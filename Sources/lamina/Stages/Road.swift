import Cohort
import Foundation
import Recipes
import SSL
import Segmentation
import SliceStore

/// The whole road under one folder, a stage after the other.
struct Road {
  private let pipeline: Pipeline
  private let folder: String
  private let deviceName: String
  private let json: Bool
  private let console: Console
  private let stages: StageRecord

  private var cohort: String { folder + "/cohort.zarr" }
  private var slices: String { folder + "/slices.zarr" }
  private var pretrained: String { folder + "/pretrain" }
  private var segmenter: String { folder + "/finetune" }
  private var masks: String { folder + "/masks" }
  private var references: String { folder + "/references" }

  init(
    _ pipeline: Pipeline, in folder: String, device: String, json: Bool, console: Console
  ) throws {
    (self.pipeline, self.folder, deviceName) = (pipeline, folder, device)
    (self.json, self.console) = (json, console)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    stages = try StageRecord(folder: folder)
  }

  /// From scans to masks, as far as the data goes.
  ///
  /// - Throws: ``SomeRefused`` at the end when inputs were refused on the way.
  func run() throws {
    try pipeline.keep(in: folder)
    let report = try ingest()
    try prepare()
    if pipeline.finetune.mode != .scratch, pipeline.finetune.initialWeights.isEmpty {
      try pretrain()
    }
    if try SliceStore(slices).attributes.labelNames.isEmpty {
      console.note("run: the scans have no labels, so the road ends at the spectrum.")
    } else {
      try finetune()
      try predict()
      try evaluate()
    }
    if report.isPartial {
      throw SomeRefused(
        description: "\(report.refused) inputs were refused; see \(cohort)/report.json.")
    }
  }

  func ingest() throws -> IngestReport {
    let scans = URL(fileURLWithPath: pipeline.data).standardizedFileURL.path
    guard try stages.claim("ingest", inputs: fingerprint(Data(scans.utf8))) else {
      throw Failure("\(cohort): it holds other scans than \(pipeline.data); give another --into.")
    }
    let report = try ingestStage(
      [pipeline.data], into: cohort, recipe: pipeline.ingest, console: console)
    show(report, volumes: false, console: console)
    return report
  }

  func prepare() throws {
    let inputs = fingerprint(
      Recipe.json(of: pipeline.prepare), Data(try CohortStore(cohort).digest.utf8))
    let state = try stages.begin("prepare", output: "slices.zarr", inputs: inputs)
    guard state != .finished else { return console.note("prepare: nothing has changed") }
    let report = try prepareStage(
      cohort, into: slices, recipe: pipeline.prepare, console: console)
    console.note(summary(of: report))
    try stages.finish("prepare")
  }

  private func pretrain() throws {
    let inputs = fingerprint(
      Recipe.json(of: pipeline.pretrain), Data(try SliceStore(slices).digest.utf8),
      FileManager.default.contents(atPath: pipeline.pretrain.initialWeights) ?? Data())
    let state = try stages.begin("pretrain", output: "pretrain", inputs: inputs)
    if state == .finished {
      console.note("pretrain: nothing has changed")
    } else {
      let result = try pretrainStage(
        slices, into: pretrained, pipeline: pipeline, resume: state == .unfinished,
        device: openDevice(named: deviceName), console: console)
      if let verdict = result.verdict { console.note("pretrain: \(verdict)") }
      try ReportStage.plot(
        ["loss", "global", "local", "decorrelation"], of: pretrained, title: "Pretraining")
      try stages.finish("pretrain")
    }
    let store = try SliceStore(slices)
    let report = try spectrum(
      run: pretrained, store, slices: store.slices(ofVolumes: store.split(.train)),
      device: openDevice(named: deviceName))
    console.note(text(of: report))
  }

  /// The recipe, with as many volumes as there are where it wants more.
  private func affordable(_ store: SliceStore) throws -> FinetuneRecipe {
    var recipe = pipeline.finetune
    let data = try LabelledSlices(store)
    let there = data.labelled(data.training).count
    if recipe.volumes > there {
      console.note("finetune: \(recipe.volumes) labelled volumes are wanted, all \(there) are used")
      recipe.volumes = 0
    }
    return recipe
  }

  private func finetune() throws {
    let store = try SliceStore(slices)
    let recipe = try affordable(store)
    let initial = recipe.initialWeights
    let encoder = recipe.mode == .scratch || !initial.isEmpty ? nil : pretrained
    let weights = FileManager.default.contents(
      atPath: encoder.map { $0 + "/encoder.safetensors" } ?? initial)
    let inputs = fingerprint(
      Recipe.json(of: recipe), Data(store.digest.utf8), weights ?? Data())
    let state = try stages.begin("finetune", output: "finetune", inputs: inputs)
    guard state != .finished else { return console.note("finetune: nothing has changed") }
    let result = try finetuneStage(
      slices, encoder: encoder, into: segmenter, recipe: recipe,
      device: openDevice(named: deviceName), console: console)
    console.note(summary(of: result))
    try ReportStage.plot(["loss", "dice", "crossEntropy"], of: segmenter, title: "Fine-tuning")
    try stages.finish("finetune")
  }

  private func predict() throws {
    let weights = FileManager.default.contents(atPath: FinetuneRun(segmenter).segmenter) ?? Data()
    let inputs = fingerprint(weights, Data(try CohortStore(cohort).digest.utf8))
    let state = try stages.begin("predict", output: "masks", inputs: inputs)
    guard state != .finished else { return console.note("predict: nothing has changed") }
    let store = try SliceStore(slices)
    let wanted = store.split(.test).map { store.volumes[$0].id }
    var writer = try MaskWriter(
      model: segmenter, into: masks, device: deviceName, console: console)
    let failed = try predictCohort(cohort, ids: wanted, with: &writer, console: console)
    guard failed == 0 else { throw Failure("\(failed) volumes could not be predicted.") }
    try stages.finish("predict")
  }

  private func evaluate() throws {
    let store = try SliceStore(slices)
    let wanted = store.split(.test).map { store.volumes[$0].id }
    try exportReferences(
      cohort, ids: wanted, label: pipeline.prepare.label, into: references)
    let (evaluation, _) = try evaluateStage(
      masks, against: references, names: store.attributes.labelNames, console: console)
    try evaluation.json().write(to: URL(fileURLWithPath: folder + "/evaluation.json"))
    try console.result(
      json ? String(decoding: evaluation.json(), as: UTF8.self) : evaluation.summaryTable)
    try ReportStage.pictures(
      of: Array(wanted.prefix(6)), in: cohort, masks: masks, references: references,
      into: folder + "/pictures")
    console.note(
      "run: masks are in \(masks), their references in \(references), pictures in \(folder)/pictures"
    )
  }
}
