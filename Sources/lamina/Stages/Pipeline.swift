import Cohort
import Prepare
import SSL
import Segmentation

/// Everything that a file of `pipelines/` can say: one section a stage, with its defaults.
struct Pipeline: Codable, Equatable {
  /// The scans: DICOM folders, NIfTI files, or a folder with `dataset.json`.
  var data = ""
  var ingest = IngestRecipe()
  var prepare = PrepareRecipe()
  var pretrain = PretrainRecipe()
  var finetune = FinetuneRecipe()
}
