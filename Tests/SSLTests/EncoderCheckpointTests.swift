import Foundation
import Models
import NN
import SSL
import Spectra
import TestFolders
import Testing
import Torch

private func trained(_ recipe: PretrainRecipe, _ body: (String) throws -> Void) throws {
  try withFolder { run in
    try pretrain(data, recipe: recipe, into: run)
    try body(run)
  }
}

@Test func theEncoderOfARunFitsANetworkBuiltFromItsArchitecture() throws {
  try trained(smallRecipe()) { run in
    let found = try EncoderCheckpoint.load(run)
    #expect(found.architecture.features == [8, 16, 16] && found.step == 4)
    #expect(found.preprocessing == #"{"plane":"axial"}"# && found.dataDigest == "d1")
    let store = try ParameterStore()
    _ = found.architecture.build(store.root)
    #expect(try store.load(found.tensors).isComplete)
    #expect(found.tensors.keys.contains("encoder.stages.2.0.convs.1.norm.weight"))
  }
}

@Test func theExportedEncoderHoldsEachTensorOnceAndNoHeads() throws {
  try trained(smallRecipe()) { run in
    let exported = try SafeTensors(reading: RunFolder(run).encoder)
    let found = try EncoderCheckpoint.load(run)
    #expect(Set(exported.tensors.keys) == Set(found.tensors.keys))
    #expect(exported.tensors.keys.allSatisfy { $0.hasPrefix("encoder.stages.") })
    #expect(exported.tensors.count == 3 * 2 * 4)
    let architecture = try JSONDecoder().decode(
      EncoderArchitecture.self, from: Data(exported.metadata["architecture"]!.utf8))
    #expect(architecture == found.architecture)
    #expect(exported.metadata["preprocessing"] == found.preprocessing)
  }
}

@Test func aResNetIsExportedUnderTorchvisionsNames() throws {
  var recipe = smallRecipe()
  (recipe.architecture, recipe.steps) = (.resnet18, 1)
  recipe.decorrelation.place = .none
  try trained(recipe) { run in
    let found = try EncoderCheckpoint.load(run)
    #expect(found.recipe.keyNormGroups == 4 && found.architecture.batchNormGroups == 1)
    let names = found.tensors.keys
    #expect(names.contains("layer4.1.bn2.running_var") && names.contains("conv1.weight"))
    #expect(names.count == 120)
  }
}

@Test func theSpectrumOfARunHasThreeTapsWithAndWithoutWhitening() throws {
  try trained(smallRecipe()) { run in
    let report = try spectrum(run: run, cohort, slices: cohort.selection())
    #expect(
      report.taps.map(\.name)
        == ["lastMap", "lastMap.whitened", "pooled", "pooled.whitened", "projected"])
    #expect(report.slices == 80 && report.volumes == 8)
    for tap in report.taps {
      #expect(tap.spectra.across?.samples == 8)
      #expect(tap.spectra.within != nil)
      #expect(tap.spectra.all.dimensions == (tap.tap == .projected ? 32 : 16))
    }
    #expect(report.rows.count == 15 && report.rows[0].count == SpectrumReport.columns.count)
    #expect(report.verdict.contains("of 16 dimensions"))
    let copy = try JSONDecoder().decode(
      SpectrumReport.self, from: JSONEncoder().encode(report))
    #expect(copy == report)
    let some = try spectrum(run: run, cohort, slices: cohort.selection(), limit: 20)
    #expect(some.slices == 20 && some.volumes == 8)
  }
}

@Test func aCheckpointFromBeforeASettingCameHasItsDefault() throws {
  try trained(smallRecipe()) { run in
    let path = try RunFolder(run).newestCheckpoint()
    var archive = try SafeTensors(reading: path)
    let text = try #require(archive.metadata["recipe"])
    let older = text.replacingOccurrences(of: #""method":"moco","#, with: "")
      .replacingOccurrences(of: #""matching":"geometry","#, with: "")
    #expect(older.count < text.count - 30)
    archive.metadata["recipe"] = older
    try archive.write(to: path)
    #expect(try EncoderCheckpoint.load(run).recipe.method == .moco)
    archive.metadata["recipe"] = "[]"
    try archive.write(to: path)
    #expect(throws: PretrainError.checkpoint(path: path, problem: "its recipe cannot be read")) {
      try EncoderCheckpoint.load(run)
    }
    let features = try #require(text.firstMatch(of: /"features":\[[^\]]*\]/)).output
    archive.metadata["recipe"] = text.replacingOccurrences(of: features, with: #""features":[]"#)
    try archive.write(to: path)
    #expect(throws: PretrainError.self) {
      try spectrum(run: run, cohort, slices: cohort.selection(), limit: 20)
    }
  }
}

@Test func withoutWhiteningThereAreThreeTaps() throws {
  var recipe = smallRecipe()
  (recipe.decorrelation.place, recipe.steps) = (.none, 1)
  try trained(recipe) { run in
    let report = try spectrum(run: run, cohort, slices: cohort.selection())
    #expect(report.taps.map(\.name) == ["lastMap", "pooled", "projected"])
  }
}
