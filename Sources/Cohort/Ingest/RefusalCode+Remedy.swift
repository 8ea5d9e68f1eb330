extension RefusalCode {
  /// What to do about it, in a sentence that names nobody and nothing.
  public var remedy: String {
    switch self {
    case .unreadable: "Check its permissions and the disk, then run again."
    case .notDICOM, .notNIfTI: "Nothing, if it is no scan; else fetch it again from its source."
    case .malformed, .failure: "Fetch it again from the scanner or the archive."
    case .limit: "If it is right all the same, raise the limit that the sentence names."
    case .transferSyntax: "Have it sent in another transfer syntax, uncompressed for one."
    case .unsupported: "Nothing, or convert it to a kind that is taken."
    case .pixels, .truncated, .damaged: "Fetch it again: it was cut or changed on its way."
    case .decoding: "Fetch it again; if it stays, open it with another reader to see who is right."
    case .geometry: "Look at its position and orientation attributes; send the original images."
    case .slices: "Fetch the missing slices, or say in the recipe what shall become of such stacks."
    case .changed: "Run again when nothing writes to it."
    case .missingPartner: "Put header and image side by side."
    case .workerCrashed, .workerNonsense:
      "Run again; if it stays, keep the file away and report it."
    case .workerHung, .workerLimit: "Run again with more time or memory for a worker."
    case .symlinkLoop, .specialFile: "Nothing: it is passed over."
    case .archiveEntry: "Nothing, or unpack the archive yourself and look at it."
    case .archiveNested: "Unpack the outer archive yourself."
    case .burnedIn: "Look at the pictures; if they are clean, ingest them with --allow-burned-in."
    case .dataset: "Correct dataset.json, or add the files that it names."
    case .channels: "Bring the channels onto one grid and into one type."
    case .labelUnmatched:
      "Name a NIfTI mask after its volume, or both in labels.tsv; give a SEG's or RTSTRUCT's images too."
    case .labelAmbiguous:
      "Name the volume that is meant in labels.tsv; beside a SEG or RTSTRUCT give only its own images."
    case .labelGrid:
      "Draw it on the volume's own grid, or set ingest.masks.otherGrid to resample it."
    case .labelValues: "Store the mask's classes as whole numbers."
    case .labelDuplicate: "Name the masks apart, or remove one."
    case .labelUnknown: "Name the class in dataset.json, or correct the mask."
    case .labelStructure: "Look at its contours beside the images that they were drawn on."
    case .sourceGone:
      "Put the missing files back or give their folder too, or ingest into another store."
    }
  }
}
