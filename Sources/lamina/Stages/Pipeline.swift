import Cohort
import Foundation
import Prepare
import Recipes
import SSL
import Segmentation

/// A recipe that says which scans it is for.
protocol ScansRecipe: Codable {
  var data: String { get set }
  var ingest: IngestRecipe { get set }
}

extension ScansRecipe {
  /// Writes it to a folder's `recipe.yaml`, without what says where scans, masks and keys lie.
  func keep(in folder: String) throws {
    var shown = self
    (shown.data, shown.ingest) = ("", ingest.withoutPlaces)
    try Recipe.yaml(of: shown).write(
      toFile: folder + "/recipe.yaml", atomically: true, encoding: .utf8)
  }
}

/// Everything that a file of `pipelines/` can say: one section a stage, with its defaults.
struct Pipeline: ScansRecipe, Equatable {
  /// The scans: DICOM folders, NIfTI files, or a folder with `dataset.json`.
  var data = ""
  var ingest = IngestRecipe()
  var prepare = PrepareRecipe()
  var pretrain = PretrainRecipe()
  var finetune = FinetuneRecipe()
}
