import DICOM

/// What an ingest may be told.
public struct IngestRecipe: Sendable, Codable, Equatable {
  /// A folder of NIfTI masks to be matched to the volumes; empty for none.
  public var labels = ""
  /// How masks are taken.
  public var masks = MaskRecipe()
  /// A file that holds the key of the pseudonyms; empty for the ledger's own.
  public var key = ""
  /// A regular expression whose first group (or whole match) in a NIfTI file's path is the
  /// patient; empty for none. BIDS's `sub-` comes before it, the file's name behind it.
  public var patientFrom = ""
  /// Takes stacks of a single slice, as a localizer has them.
  public var singleSlices = false
  /// Ends at the first refusal.
  public var strict = false
  /// `i/n`: takes the part `i` (from 0) of what `n` machines share; empty for everything. The parts
  /// are made with one key and joined by ``Merge``.
  public var shard = ""
  /// Takes pictures that may have names burned into them: ultrasound, angiography, captured
  /// screens, and whatever says so itself. Look at them first.
  public var allowBurnedIn = false
  /// What becomes of a series in which slices are missing: `refuse`, `split` into its parts, or
  /// `fill` by linear interpolation.
  public var missing = DICOMSeries.Policy.Missing.refuse
  /// What becomes of a series whose slices are unevenly spaced: `refuse`, or `resample`.
  public var uneven = DICOMSeries.Policy.Uneven.refuse
  /// Whether localizers (scouts, topograms) are taken or refused, by Image Type.
  public var localizers = DICOMSeries.Policy.Choice.take
  /// Whether derived and secondary images are taken or refused, by Image Type.
  public var derived = DICOMSeries.Policy.Choice.take
  /// What becomes of colour images: `refuse`, `luminance` or `rgb` (three channels).
  public var color = ColorPolicy.refuse
  /// Turns PET in Bq/ml into SUV by body weight (g/ml) where its headers allow it.
  public var uptake = false
  /// Worker processes, at most 256; 0 for one a core. Beside each the parent has a thread that packs what it has
  /// decoded while it waits, so that as many cores are used as there are workers.
  public var workers = 0
  /// What a worker may use.
  public var limits = WorkerLimits()

  /// The defaults above.
  public init() {}

  /// The same without what says where scans, masks and keys lie, which nothing but the ledger holds.
  public var withoutPlaces: IngestRecipe {
    var recipe = self
    (recipe.labels, recipe.key, recipe.patientFrom) = ("", "", "")
    return recipe
  }
}

/// How far an ingest has come.
public struct IngestProgress: Sendable, Equatable {
  /// What is being done.
  public enum Phase: String, Sendable { case looking, scanning, reading, labels, finishing }

  /// What is being done.
  public var phase: Phase
  /// Files that are done.
  public var done: Int
  /// Of so many; 0 where that is not known.
  public var total: Int
  /// Bytes of the files that are done.
  public var bytes: Int
  /// Of so many.
  public var totalBytes = 0
  /// Files that needed no work, since an earlier run had done it: beside `done` while headers are
  /// read, among `done` while volumes are.
  public var known = 0
  /// Their bytes, while volumes are read.
  public var knownBytes = 0
}
