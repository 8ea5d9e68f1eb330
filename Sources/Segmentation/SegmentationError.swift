import NN

/// Why a segmenter could not be trained, read or used.
public enum SegmentationError: Error, Sendable, Equatable {
  /// A value of the recipe that no training can have.
  case badRecipe(key: String, problem: String)
  /// The training split has fewer labelled volumes than asked for.
  case tooFewVolumes(wanted: Int, labelled: Int)
  /// No label has a name, so there is nothing to tell apart.
  case noClasses
  /// A label value in the store that has no name in it.
  case unknownLabel(Int)
  /// The slices were prepared otherwise than those the encoder saw.
  case preparationDiffers(encoder: String, differences: [String])
  /// The mode wants an encoder and none was given.
  case encoderMissing(mode: String)
  /// The slices have another number of channels than the network.
  case channelsDiffer(expected: Int, found: Int)
  /// The sides of the slices are no multiples of what the encoder halves them by.
  case canvasDoesNotFit(height: Int, width: Int, multiple: Int)
  /// Early stopping is asked for and no volume of the validation split has labels.
  case nothingToValidate
  /// The file or folder holds no pretrained encoder.
  case notAnEncoder(path: String, reason: String)
  /// The encoder's tensors are not those of the network that they belong to.
  case weightsDoNotFit(path: String, report: LoadReport)
  /// The loss is not finite at a step.
  case diverged(step: Int)
  /// The file is no segmenter, or one of another version.
  case notASegmenter(path: String, reason: String)
  /// The folder holds another training run than the one asked for.
  case otherRun(path: String)
  /// A file cannot be written or read.
  case file(path: String, reason: String)
}

extension SegmentationError: CustomStringConvertible {
  /// One sentence: what is wrong and what to do.
  public var description: String {
    switch self {
    case .badRecipe(let key, let problem):
      "the recipe's \(key) cannot be used: \(problem)."
    case .tooFewVolumes(let wanted, let labelled):
      "the training split has \(labelled) labelled volumes and \(wanted) are asked for; "
        + "ask for fewer, or ingest more labels."
    case .noClasses:
      "the slice store names no label; prepare it from a cohort with labels."
    case .unknownLabel(let label):
      "the slice store holds label \(label), which has no name in it; name it when ingesting."
    case .preparationDiffers(let encoder, let differences):
      "\(encoder): the encoder saw slices prepared otherwise (\(differences.joined(separator: ", "))"
        + "); prepare with --like that run."
    case .encoderMissing(let mode):
      "mode \(mode) starts from a pretrained encoder; name its run with --encoder, or weights of others with --init."
    case .channelsDiffer(let expected, let found):
      "the network takes \(expected) channels and the data have \(found); use data of one kind."
    case .canvasDoesNotFit(let height, let width, let multiple):
      "slices of \(height)×\(width) pixels do not fit the network, whose sides are multiples of "
        + "\(multiple); prepare them on such a canvas."
    case .nothingToValidate:
      "the recipe's patience wants scores, and no volume of the validation split has labels; prepare "
        + "with prepare.split.validation above 0, or set finetune.patience to 0."
    case .notAnEncoder(let path, let reason):
      "\(path): no pretrained encoder (\(reason)); name the run of a pretraining."
    case .weightsDoNotFit(let path, let report):
      "\(path) cannot be started from: \(NNError.doesNotFit(report)); name a file with all of an "
        + "encoder's tensors and no others."
    case .diverged(let step):
      "the loss is not finite at step \(step); lower the learning rate."
    case .notASegmenter(let path, let reason):
      "\(path): not a segmenter of this program (\(reason)); name the run of a fine-tuning."
    case .otherRun(let path):
      "\(path): holds another training run; choose an empty folder, or the same recipe and data."
    case .file(let path, let reason):
      "\(path): \(reason)."
    }
  }
}
