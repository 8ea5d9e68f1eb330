import Augment
import Imaging
import Models

/// What is trained, and from what start.
public enum FinetuneMode: String, Codable, Sendable, CaseIterable {
  /// One 1×1 convolution on the maps of a frozen, pretrained encoder: what the features are worth.
  case linear
  /// The same on the maps of the whole frozen network: the encoder's, and those of the decoder that learned with
  /// it. Where none did it is `linear`.
  case linearNetwork = "linear-network"
  /// The whole U-Net, its encoder starting from the pretrained one.
  case full
  /// The whole U-Net from random weights: what pretraining must be compared with.
  case scratch
}

extension FinetuneMode {
  /// Whether nothing learns but one 1×1 convolution.
  public var isLinear: Bool { self == .linear || self == .linearNetwork }
}

/// How the learning rate falls after the warm-up.
public enum FinetuneSchedule: String, Codable, Sendable, CaseIterable {
  /// (1 − t)^0.9, nnU-Net's.
  case poly
  /// ½(1 + cos πt).
  case cosine
}

/// How weights are moved.
public enum FinetuneOptimiser: String, Codable, Sendable, CaseIterable {
  /// Adam with decoupled weight decay (Loshchilov and Hutter, 1711.05101).
  case adamw
  /// Stochastic gradient descent with Nesterov momentum.
  case sgd
}

/// The type that convolutions are computed in; weights and losses stay float32.
public enum FinetunePrecision: String, Codable, Sendable, CaseIterable {
  /// IEEE single precision.
  case fp32
  /// bfloat16 by autocast.
  case bf16
}

/// Which of the validated states becomes the segmenter.
public enum FinetuneKeep: String, Codable, Sendable, CaseIterable {
  /// The one with the highest Dice on the validation split.
  case best
  /// The one after the last step.
  case last
}

/// How a segmenter is trained. Pretrained and from-scratch training share everything but the mode.
public struct FinetuneRecipe: Codable, Sendable, Equatable {
  /// What is trained.
  public var mode = FinetuneMode.full
  /// A `.safetensors` file whose encoder is started from instead of that of a pretraining: torchvision's
  /// or nnU-Net's names, or ours; empty: none.
  public var initialWeights = ""
  /// The encoder's family in mode `scratch`; else it is the pretrained one.
  public var architecture = EncoderArchitecture.Kind.unet
  /// Channels of the U-Net's stages in mode `scratch`, each half the size of the one before.
  public var features = [16, 32, 64, 128, 128]
  /// Channels of a ResNet's stem in mode `scratch`.
  public var width = 64
  /// Labelled volumes of the training split to learn from: nested subsets fixed by the seed; 0
  /// takes all.
  public var volumes = 0
  /// Optimiser steps.
  public var steps = 1000
  /// Slices a step.
  public var batch = 16
  /// The highest learning rate; 0 takes 6e-3 for a U-Net, from scratch and pretrained alike, and
  /// 3e-2 for the probe, which on hippocampi beat 6e-3 and 1e-1.
  public var lr = 0.0
  /// The learning rate of the encoder, and of a decoder that was pretrained with it, relative to the rest, in mode `full`.
  public var encoderLrFactor = 1.0
  /// In mode `full`, the learning rate of an encoder's stage relative to that of the stage after it:
  /// of S stages, stage s has `layerDecay`^(S − s) of the encoder's rate, the deepest all of it.
  public var layerDecay = 1.0
  /// In mode `full`, steps over which the encoder stands still, its batch norms too, and a decoder that was
  /// pretrained with it, while the rest learns; it then joins the schedule, rising over `warmup` steps of its own.
  public var freezeSteps = 0
  /// How weights are moved.
  public var optimiser = FinetuneOptimiser.adamw
  /// Of stochastic gradient descent, Nesterov's.
  public var momentum = 0.9
  /// Decoupled for AdamW, in the gradient for SGD.
  public var weightDecay = 1e-2
  /// Steps over which the learning rate rises from nothing.
  public var warmup = 20
  /// How it falls afterwards.
  public var schedule = FinetuneSchedule.poly
  /// Gradients longer than this are shortened to it; 0 leaves them.
  public var clip = 12.0
  /// The type that convolutions are computed in.
  public var precision = FinetunePrecision.fp32
  /// Whether images lie in memory with the channels last, which convolutions are fastest on.
  public var channelsLast = true
  /// How slices and their labels are varied.
  public var augmentation = LabelledRecipe()
  /// Whether the coarser stages of the decoder learn too, each with half the weight of the finer.
  public var deepSupervision = false
  /// Fixes the subset of volumes, the order of slices, their variation and the first weights.
  public var seed: UInt64 = 0
  /// Steps between two scores on the validation split; 0 scores at the end alone.
  public var validateEvery = 200
  /// Scores on the validation split that may pass without a better one before training stops; 0 makes
  /// all steps.
  public var patience = 0
  /// How much of the running mean of the weights stays at each step; the mean is what is validated and
  /// kept. 0 takes the weights themselves.
  public var average = 0.0
  /// Whether the segmenter predicts with the mean of the scores of a slice's four mirror images. Not for classes that
  /// differ by their side, unless the augmentation flips: it shows the network what it has never seen.
  public var mirror = false
  /// Which parts of a mask stay when the segmenter predicts.
  public var components = ComponentRecipe()
  /// Which state is kept.
  public var keep = FinetuneKeep.best
  /// Threads of one operation on the CPU; 0 takes all cores.
  public var threads = 0

  /// The defaults.
  public init() {}

  /// The highest learning rate, the automatic one resolved.
  public var learningRate: Double {
    if lr > 0 { return lr }
    return mode.isLinear ? 3e-2 : 6e-3
  }

  /// The encoder of mode `scratch`, for images of so many channels.
  func encoder(channels: Int) -> EncoderArchitecture {
    var encoder = EncoderArchitecture()
    (encoder.kind, encoder.inputChannels, encoder.width) = (architecture, channels, width)
    encoder.features = features
    encoder.strides = [1] + [Int](repeating: 2, count: max(0, features.count - 1))
    return encoder
  }

  /// Refuses values that no training can have.
  ///
  /// - Throws: ``SegmentationError/badRecipe(key:problem:)``.
  public func validate() throws(SegmentationError) {
    func check(_ fine: Bool, _ key: String, _ problem: String) throws(SegmentationError) {
      if !fine { throw .badRecipe(key: key, problem: problem) }
    }
    try check(steps > 0, "steps", "at least 1 is needed")
    try check(batch > 0 && batch <= 65_536, "batch", "1 to 65 536 slices are needed")
    try check(volumes >= 0, "volumes", "0 (all) or more are needed")
    try check(
      (2...10).contains(features.count) && features.allSatisfy { (1...8192).contains($0) },
      "features", "two to ten stages of 1 to 8192 channels are needed")
    try check((1...4096).contains(width), "width", "1 to 4096 channels are needed")
    try check(lr >= 0 && lr.isFinite, "lr", "0 (automatic) or a positive number is needed")
    try check(
      encoderLrFactor >= 0 && encoderLrFactor.isFinite, "encoderLrFactor", "0 or more is needed")
    try check(layerDecay > 0 && layerDecay <= 1, "layerDecay", "above 0 to 1 (none) is needed")
    try check(freezeSteps >= 0, "freezeSteps", "0 (none) or more are needed")
    try check((0..<1).contains(average), "average", "0 (none) to less than 1 is needed")
    try check((0..<1).contains(momentum), "momentum", "0 to less than 1 is needed")
    try check(weightDecay >= 0 && weightDecay.isFinite, "weightDecay", "0 or more is needed")
    try check(clip >= 0, "clip", "0 (off) or more is needed")
    try check(warmup >= 0, "warmup", "0 or more is needed")
    try check(validateEvery >= 0, "validateEvery", "0 (at the end alone) or more is needed")
    try check(
      patience >= 0 && (patience == 0 || validateEvery > 0), "patience",
      "0 (none) or more are needed, and validateEvery above 0")
    try check(
      components.minimumVolume.isValid, "components.minimumVolume",
      "0 (none) or more mm³ are needed")
    try check(threads >= 0, "threads", "0 (all cores) or more are needed")
  }
}
