import Augment

/// Everything that decides what an encoder learns without labels.
///
/// The defaults are the whole method of design section 7; the arms that it is compared with differ by
/// one word each: `local.enabled: false` and `decorrelation.place: none` leave MoCo v2. A 0 where a
/// number has an `automatic` meaning stands for it; ``resolved(slices:)`` puts the number there.
public struct PretrainRecipe: Codable, Sendable, Equatable {
  /// What is learned from two views of a slice.
  public var method = Method.moco
  /// The encoder's family.
  public var architecture = Architecture.unet
  /// A `.safetensors` file with the weights that the encoder starts from: torchvision's or nnU-Net's names,
  /// or ours; empty: from random ones.
  public var initialWeights = ""
  /// Channels of the U-Net's stages, shallow to deep; a ResNet has its own.
  public var features = [32, 64, 128, 256, 512]
  /// Channels of a ResNet's stem; its layers have multiples of it.
  public var width = 64
  /// Steps of gradient, after the queue has been filled.
  public var steps = 1200
  /// Slices of a batch, B.
  public var batch = 64
  /// Whether every slice is seen as often as every other, or every volume.
  public var balance = Balance.slices
  /// How weights follow their derivatives.
  public var optimiser = Optimiser.sgd
  /// The highest learning rate; 0: 0.03 · B/256 for SGD (MoCo v2), 0.001 for AdamW. It rises over the
  /// first `warmup` steps and then falls as a cosine.
  public var lr = 0.0
  /// Steps over which the rate rises.
  public var warmup = 50
  /// SGD's momentum.
  public var momentum = 0.9
  /// Pull of the weights towards 0; decoupled for AdamW.
  public var weightDecay = 1e-4
  /// Gradients longer than this, all together, are shortened to it; 0 leaves them.
  public var clip = 0.0
  /// τ of both contrasts (method.md 1.2: 0.2).
  public var temperature = 0.2
  /// Dimensions of the projections that are compared.
  public var dimensions = 128
  /// Keys in the queue, K, a multiple of the batch; 0: as many as the slices allow, at most 65,536.
  public var queue = 0
  /// Keys of the same volume nearer than this many millimetres are no negatives.
  public var window = 10.0
  /// Whether the batch's other keys are negatives beside the queue's. Without them the positive can be told
  /// from the queue by its age alone, and a fast encoder learns nothing else.
  public var batchNegatives = true
  /// m of the key encoder; 0: 0.999, and 0.99 for fewer than 20,000 slices.
  public var keyMomentum = 0.0
  /// Groups of the key batch that are normalised apart, so that batch norm cannot leak the positive;
  /// 0: 4 where the encoder has batch norm or ``batchNegatives`` are off, else 1.
  public var keyNormGroups = 0
  /// Contrast between regions.
  public var local = LocalRecipe()
  /// What keeps the features from lining up.
  public var decorrelation = DecorrelationRecipe()
  /// What only DenseCL has.
  public var dense = DenseRecipe()
  /// What only VICReg has.
  public var vicreg = VICRegRecipe()
  /// What only the masked autoencoder has.
  public var mae = MaskingRecipe()
  /// How the two views of a slice are drawn, and the regions in them.
  public var crops = CropPairRecipe()
  /// Where the views' pixels are made. They are the same within rounding; on a graphics card, batches go there
  /// as slices and the processor only reads, unpacks and draws.
  public var views = ViewPlace.cpu
  /// The type of convolutions and matrix products.
  public var precision = Precision.fp32
  /// Whether images lie in memory pixel by pixel, which convolutions are faster on.
  public var channelsLast = true
  /// Steps between two checkpoints; 0: only at the end.
  public var saveEvery = 500
  /// Checkpoints that stay; 0: all.
  public var keep = 2
  /// Steps between two lines of the log.
  public var logEvery = 20
  /// Steps between two spectra in the log; 0: none.
  public var spectrumEvery = 200
  /// Threads of LibTorch; 0: one for each core. A run repeats bit for bit on one.
  public var threads = 0
  /// What everything random follows from.
  public var seed: UInt64 = 1

  /// The defaults.
  public init() {}

  /// What is learned from two views of a slice.
  public enum Method: String, Codable, Sendable, CaseIterable {
    /// Momentum contrast, with regions and decorrelation as their sections say.
    case moco
    /// Momentum contrast with a second one between the pixels of a map (``DenseRecipe``).
    case densecl
    /// Invariance, variance, covariance; no negatives (``VICRegRecipe``).
    case vicreg
    /// Masked patches are painted in again (``MaskingRecipe``).
    case mae
  }

  /// Whether regions are drawn and contrasted.
  public var contrastsRegions: Bool { method == .moco && local.enabled }
  /// Whether a U-Net's decoder learns with its encoder.
  public var learnsDecoder: Bool { contrastsRegions && local.path != .encoder }
  /// Whether past keys are negatives.
  var hasQueue: Bool { method == .moco || method == .densecl }

  /// What is seen as often as every other of its kind.
  public enum Balance: String, Codable, Sendable, CaseIterable {
    /// Each slice once an epoch.
    case slices
    /// Each volume alike, whatever the number of its slices.
    case volumes
  }

  /// The encoder's family.
  public enum Architecture: String, Codable, Sendable, CaseIterable {
    /// The contracting path of nnU-Net's plain convolutional U-Net, instance norm.
    case unet
    /// Torchvision's ResNets, batch norm (He et al., 2016).
    case resnet18, resnet50
  }

  /// How weights follow their derivatives.
  public enum Optimiser: String, Codable, Sendable, CaseIterable {
    /// Stochastic gradient descent with momentum.
    case sgd
    /// Adam with decoupled weight decay (Loshchilov and Hutter, 1711.05101).
    case adamw
  }

  /// Where the views' pixels are made.
  public enum ViewPlace: String, Codable, Sendable, CaseIterable {
    /// By the loader's threads.
    case cpu
    /// On the device that trains, by LibTorch.
    case device
  }

  /// The type of convolutions and matrix products; weights are float32 always.
  public enum Precision: String, Codable, Sendable, CaseIterable {
    /// float32.
    case fp32
    /// bfloat16 by autocast; losses and whitening stay out of it.
    case bf16
  }
}

/// Contrast between the regions of a pair of views; how regions are drawn is in `crops.regions`.
public struct LocalRecipe: Codable, Sendable, Equatable {
  /// Whether there is one.
  public var enabled = true
  /// Its weight in the loss (method.md 1.2: 0.5).
  public var weight = 0.5
  /// The stage whose map is sampled, 1 the shallowest, or several, whose losses are averaged; 0: the
  /// deepest with a side of at least 8.
  public var level = RegionLevels.automatic
  /// Whose maps are sampled: the encoder's, those of a U-Net's decoder, which then learns with it, or both.
  public var path = Path.encoder
  /// Dimensions of a region's vector.
  public var dimensions = 128
  /// What makes two regions a pair.
  public var matching = Matching.geometry

  /// Whose maps regions are read from.
  public enum Path: String, Codable, Sendable, CaseIterable {
    /// The contracting path's.
    case encoder
    /// The expanding path's, as Chaitanya et al. (2006.10511) contrast regions in decoder blocks; a U-Net's
    /// decoder begins fine-tuning with what it learned.
    case decoder
    /// Both, at the same stages.
    case both
  }

  /// What makes two regions a pair.
  public enum Matching: String, Codable, Sendable, CaseIterable {
    /// They show the same place of the slice.
    case geometry
    /// Their features are the most alike of the pair's, wherever they lie (DenseCL's correspondence).
    case argmax
  }

  /// The defaults.
  public init() {}
}

/// The stages that regions are read from: a number in a recipe, or a list of them.
public struct RegionLevels: Codable, Sendable, Equatable {
  /// The stages, 1 the shallowest.
  public var stages: [Int]

  /// Written 0: one stage, found by the size of its map.
  public static let automatic: RegionLevels = [0]

  /// One number, or a list.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    stages = try (try? [container.decode(Int.self)]) ?? container.decode([Int].self)
  }

  /// A single stage is written as a number.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if stages.count == 1 {
      try container.encode(stages[0])
    } else {
      try container.encode(stages)
    }
  }
}

extension RegionLevels: ExpressibleByArrayLiteral, ExpressibleByIntegerLiteral {
  /// Several stages.
  public init(arrayLiteral stages: Int...) { self.stages = stages }
  /// One stage.
  public init(integerLiteral stage: Int) { stages = [stage] }
}

/// What keeps features from lining up: where and how they are decorrelated.
public struct DecorrelationRecipe: Codable, Sendable, Equatable {
  /// Where.
  public var place = Place.tail
  /// How.
  public var kind = Kind.zca
  /// Channels that are whitened together; at most half the samples.
  public var width = 64
  /// How much of the mean eigenvalue replaces the covariance: (1 − s) C + s · tr(C)/d · I.
  public var shrinkage = 0.01
  /// Added to the eigenvalues, relative to their mean.
  public var epsilon = 1e-5
  /// Newton's steps of IterNorm; more than 7 are unstable.
  public var iterations = 5
  /// How fast the running statistics follow the batch's.
  public var momentum = 0.1
  /// The weight of the covariance penalty. VICReg's 1 beside 25 would be 0.04, which costs Dice under a
  /// linear head where this does not (`docs/benchmarks/study.md`).
  public var weight = 0.01
  /// Whether that weight falls with the learning rate, to nothing at the end, or stays.
  public var fades = false

  /// The defaults.
  public init() {}

  /// Where features are decorrelated.
  public enum Place: String, Codable, Sendable, CaseIterable {
    /// Nowhere.
    case none
    /// The encoder's final activation, outside the encoder.
    case tail
    /// The pooled vector.
    case pooled
    /// Both: whitened pixels are not whitened pooled features.
    case tailPooled = "tail-pooled"
    /// Instead of the encoder's last norm (the authors' place).
    case lastNorm = "last-norm"

    /// Whether the last map is decorrelated outside the encoder.
    var isAtTail: Bool { self == .tail || self == .tailPooled }
    /// Whether the pooled vector is.
    var isAtPooled: Bool { self == .pooled || self == .tailPooled }
  }

  /// How features are decorrelated.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// Group ZCA by eigenvalues.
    case zca
    /// Newton's iteration (Huang et al., 2019).
    case iternorm
    /// VICReg's penalty, which changes the loss and not the features.
    case covariance
  }
}
