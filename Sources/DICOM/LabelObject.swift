import Imaging

/// What finding its series needs to know of a DICOM object that holds labels: a SEG or an RTSTRUCT.
public struct LabelObject: Sendable, Equatable {
  /// What kind of object it is.
  public enum Kind: String, Sendable {
    /// Segmentation or Label Map Segmentation (PS3.3 A.51, C.8.20).
    case segmentation
    /// RT Structure Set (PS3.3 A.19, C.8.8.5, C.8.8.6).
    case structureSet = "structure-set"
  }

  /// What kind of object it is.
  public var kind: Kind
  /// Series Instance UIDs of the images it was drawn on, sorted.
  public var seriesUIDs: [String]
  /// SOP Instance UIDs of such images, sorted; the first few thousand.
  public var instanceUIDs: [String]
  /// Frame of Reference UIDs of its labels, sorted.
  public var frameOfReferenceUIDs: [String]
  /// The grid that the frames of a segmentation span, where they do.
  public var grid: Grid?

  /// Makes the references of an object.
  public init(
    kind: Kind, seriesUIDs: [String], instanceUIDs: [String], frameOfReferenceUIDs: [String],
    grid: Grid? = nil
  ) {
    (self.kind, self.seriesUIDs, self.instanceUIDs) = (kind, seriesUIDs, instanceUIDs)
    (self.frameOfReferenceUIDs, self.grid) = (frameOfReferenceUIDs, grid)
  }

  /// The most UIDs of each kind that are kept.
  public static let mostUIDs = 4096
}

extension DICOMFile {
  /// The references of a label object; nil for every other kind.
  func labelObject(_ item: DICOMItem, sopClass: String) -> LabelObject? {
    let base = "1.2.840.10008.5.1.4.1.1."
    switch sopClass {
    case base + "66.4", base + "66.7": return segmentationObject(item)
    case base + "481.3": return structureSetObject(item)
    default: return nil
    }
  }

  private func segmentationObject(_ item: DICOMItem) -> LabelObject {
    var references = References()
    for series in item.items(Tag.referencedSeriesSequence) {
      references.series.insert(series.text(Tag.seriesInstanceUID))
      references.addInstances(series.items(Tag.referencedInstanceSequence))
    }
    references.addInstances(item.items(Tag.sourceImageSequence))
    for group in item.items(Tag.sharedGroups) + item.items(Tag.perFrameGroups) {
      guard !references.isFull else { break }
      for derivation in group.items(Tag.derivationImageSequence) {
        references.addInstances(derivation.items(Tag.sourceImageSequence))
      }
    }
    references.frames.insert(item.text(Tag.frameOfReferenceUID))
    var object = references.object(.segmentation)
    object.grid = try? segmentationFrames().ownGrid
    return object
  }

  private func structureSetObject(_ item: DICOMItem) -> LabelObject {
    var references = References()
    for frame in item.items(Tag.referencedFrameOfReferenceSequence) {
      references.frames.insert(frame.text(Tag.frameOfReferenceUID))
      for study in frame.items(Tag.rtReferencedStudySequence) {
        for series in study.items(Tag.rtReferencedSeriesSequence) {
          references.series.insert(series.text(Tag.seriesInstanceUID))
          references.addInstances(series.items(Tag.contourImageSequence))
        }
      }
    }
    for roi in item.items(Tag.structureSetROISequence) {
      references.frames.insert(roi.text(Tag.roiFrameOfReferenceUID))
    }
    for roi in item.items(Tag.roiContourSequence) {
      for contour in roi.items(Tag.contourSequence) where !references.isFull {
        references.addInstances(contour.items(Tag.contourImageSequence))
      }
    }
    return references.object(.structureSet)
  }
}

/// UIDs on their way into a ``LabelObject``.
private struct References {
  var series: Set<String?> = []
  var instances: Set<String?> = []
  var frames: Set<String?> = []

  var isFull: Bool { instances.count >= LabelObject.mostUIDs }

  mutating func addInstances(_ items: [DICOMItem]) {
    for item in items where !isFull { instances.insert(item.text(Tag.referencedInstanceUID)) }
  }

  func object(_ kind: LabelObject.Kind) -> LabelObject {
    func uids(_ texts: Set<String?>) -> [String] {
      // PS3.5 9.1: a UID has at most 64 characters.
      let sound = texts.compactMap { $0 }.filter { $0.utf8.count <= 64 }
      return Array(sound.sorted().prefix(LabelObject.mostUIDs))
    }
    return LabelObject(
      kind: kind, seriesUIDs: uids(series), instanceUIDs: uids(instances),
      frameOfReferenceUIDs: uids(frames))
  }
}
