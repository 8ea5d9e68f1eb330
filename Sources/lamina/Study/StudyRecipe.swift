import Cohort
import Foundation
import Prepare
import Recipes
import SSL
import Segmentation

/// What a study compares, on which scans, how often.
///
/// The sections `prepare`, `pretrain`, `finetune` and `linear` hold for every arm; an arm is a recipe
/// beside the study's own file (`pipelines/moco-v2.yaml`) that is laid over them and should say no
/// more than what makes it that arm.
struct StudyRecipe: ScansRecipe, Equatable {
  /// The scans, with labels: a folder with `dataset.json`, DICOM folders, or NIfTI files.
  var data = ""
  var ingest = IngestRecipe()
  var prepare = PrepareRecipe()
  var pretrain = PretrainRecipe()
  /// Fine-tuning of the whole network, from scratch and pretrained alike.
  var finetune = FinetuneRecipe()
  /// Linear evaluation.
  var linear = StudyRecipe.probe
  /// The arms, by the names of their recipes.
  var arms = ["scratch", "moco-v2", "local", "decorrelation", "local-decorrelation"]
  /// Arms that every other one is compared with, pair by pair.
  var baselines = ["scratch", "moco-v2"]
  /// What is done with an encoder: `linear`, `linear-network`, `full`, or several.
  var modes = [FinetuneMode.linear, .full]
  /// Labelled volumes to learn from; 0 is all of the training split.
  var volumes = [1, 4, 8, 0]
  /// Choices of labelled volumes: repetitions, whose number is also the seed of the fit.
  var choices = 3
  /// Seeds of the pretraining.
  var seeds: [UInt64] = [1]

  private static var probe: FinetuneRecipe {
    var recipe = FinetuneRecipe()
    (recipe.mode, recipe.steps) = (.linear, 400)
    return recipe
  }

  /// Refuses a study that compares nothing.
  func validate(_ file: String) throws(RecipeError) {
    func check(_ fine: Bool, _ path: String, _ problem: String) throws(RecipeError) {
      if !fine { throw .badValue(file: file, path: path, problem: problem) }
    }
    try check(!arms.isEmpty && Set(arms).count == arms.count, "arms", "different names are wanted")
    try check(
      baselines.allSatisfy(arms.contains), "baselines", "each must be one of the arms")
    try check(
      !modes.isEmpty && !modes.contains(.scratch), "modes",
      "some of linear, linear-network and full are wanted; from scratch is an arm")
    try check(
      !volumes.isEmpty && volumes.allSatisfy { $0 >= 0 }, "volumes", "0 (all) or more are wanted")
    try check(choices > 0 && !seeds.isEmpty, "choices", "at least 1 is wanted, and a seed")
    try check(
      prepare.split.test > 0, "prepare.split.test", "a study needs volumes that nothing has seen")
  }

  /// The whole recipe of an arm: the study's sections with the arm's file over them.
  ///
  /// - Parameter folder: where the arms' recipes are.
  func pipeline(arm: String, in folder: String) throws(RecipeError) -> Pipeline {
    var pipeline = Pipeline()
    (pipeline.data, pipeline.ingest, pipeline.prepare) = (data, ingest, prepare)
    (pipeline.pretrain, pipeline.finetune) = (pretrain, finetune)
    return try Recipe.load(pipeline, file: folder + "/" + arm + ".yaml")
  }
}

/// One pretraining of a study.
struct StudyEncoder {
  var arm: String
  var seed: UInt64

  /// A folder's name.
  var name: String { "pretrain-\(arm)-s\(seed)" }
}

/// One fit of a study: an arm in a mode, with so many labelled volumes, chosen in one way.
struct StudyCell: Codable, Hashable {
  var arm: String
  var mode: FinetuneMode
  var volumes: Int
  var choice: Int
  /// The seed of the pretraining; 0 from scratch.
  var seed: UInt64

  /// What is fitted; nil from scratch.
  var encoder: StudyEncoder? { seed > 0 ? StudyEncoder(arm: arm, seed: seed) : nil }

  /// A folder's name.
  var name: String {
    "\(arm)-\(mode.rawValue)-v\(volumes)-c\(choice)" + (seed > 0 ? "-s\(seed)" : "")
  }
}

extension StudyRecipe {
  /// All pretrainings.
  func encoders(_ pipelines: [String: Pipeline]) -> [StudyEncoder] {
    arms.filter { pipelines[$0]?.finetune.mode != .scratch }.flatMap { arm in
      seeds.map { StudyEncoder(arm: arm, seed: $0) }
    }
  }

  /// All fits, so ordered that each arm's first figures come early: by choice, then volumes.
  func cells(_ pipelines: [String: Pipeline]) -> [StudyCell] {
    let kinds = arms.flatMap { fits(of: $0, pipelines) }
    return (0..<choices).flatMap { choice in
      volumes.flatMap { count in
        kinds.map {
          StudyCell(arm: $0.arm, mode: $0.mode, volumes: count, choice: choice, seed: $0.seed)
        }
      }
    }
  }

  /// What is fitted of an arm with each choice of volumes.
  private func fits(
    of arm: String, _ pipelines: [String: Pipeline]
  ) -> [(arm: String, mode: FinetuneMode, seed: UInt64)] {
    guard pipelines[arm]?.finetune.mode != .scratch else {
      return modes.contains(.full) ? [(arm, .full, 0)] : []
    }
    let withDecoder = armsWithDecoder(pipelines).contains(arm)
    let fitted = modes.map { $0.fitted(withDecoder: withDecoder) }
      .reduce(into: [FinetuneMode]()) { if !$0.contains($1) { $0.append($1) } }
    return fitted.flatMap { mode in seeds.map { (arm, mode, $0) } }
  }

  /// Arms whose decoder learned with the encoder.
  func armsWithDecoder(_ pipelines: [String: Pipeline]) -> Set<String> {
    Set(arms.filter { pipelines[$0]?.pretrain.learnsDecoder == true })
  }
}

extension FinetuneMode {
  /// The mode whose fits stand for this one's: where no decoder learned with the encoder, the whole
  /// pretrained network is the encoder.
  func fitted(withDecoder: Bool) -> FinetuneMode {
    self == .linearNetwork && !withDecoder ? .linear : self
  }
}
