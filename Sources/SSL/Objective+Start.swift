import Models
import NN
import Torch

/// How a run starts from somebody's weights.
extension Objective {
  /// Copies the encoder of a file into the backbone and into what follows it (`key.…`), whose heads stay as they are, and
  /// says what was taken.
  ///
  /// - Throws: ``PretrainError/startDoesNotFit(path:report:advice:)`` when it is another encoder than the recipe's, and
  ///   what reading the file throws.
  package func start(from path: String) throws -> String {
    let wanted = backbone.architecture
    let weights = try EncoderWeights(reading: path)
    let fitting = weights.adapted(toChannels: wanted.inputChannels)
    let report: LoadReport
    do {
      report = try fitting.load(into: backbone.store)
    } catch .doesNotFit(let report) {
      throw PretrainError.startDoesNotFit(
        path: path, report: report, advice: advice(wanted, fitting.architecture))
    }
    guard wanted.kind != .unet || wanted.strides == fitting.architecture.strides else {
      throw PretrainError.startDoesNotFit(
        path: path, report: report,
        advice: "its stages have strides \(fitting.architecture.strides), not \(wanted.strides)")
    }
    for name in report.matched {
      guard let source = backbone.store[name], let follower = memory["key." + name] else {
        continue
      }
      withoutGradients { follower.copy(from: source) }
    }
    return weights.taken(report, for: fitting.architecture)
  }
}

/// What to change in a recipe so that the weights fit.
private func advice(_ wanted: EncoderArchitecture, _ found: EncoderArchitecture) -> String {
  if wanted.kind != found.kind {
    return "it holds a \(found.kind.rawValue): set pretrain.architecture=\(found.kind.rawValue)"
  }
  if wanted.kind == .unet, wanted.features != found.features {
    return "set pretrain.features='\(found.features)'"
  }
  if wanted.inputChannels != found.inputChannels {
    return "its images have \(found.inputChannels) channels and the slices \(wanted.inputChannels)"
  }
  return "name a file with all of this encoder's tensors and no others"
}
