import DICOM
import Foundation
import Imaging
import TestFolders
import Testing

@Suite struct StructureSetTests {
  private let grid = LabelObjects.grid

  private func read(_ regions: [LabelObjects.Region]) throws -> [Structure] {
    try withFolder { folder in
      try LabelObjects.writeStructureSet(regions, to: folder + "/rt")
      return try DICOMFile(path: folder + "/rt").structures(on: grid, threshold: 0.5)
    }
  }

  @Test func regionsAreFilledUnderTheirNames() throws {
    let box = LabelObjects.rectangle((0.5, 0.5), (3.5, 2.5), z: 2)
    let part = LabelObjects.rectangle((1.5, 0.5), (2.5, 1.5), z: 2)
    let structures = try read([
      .init(name: "PTV", contours: [box, part]), .init(name: "GTV", contours: [part]),
    ])
    #expect(structures.map(\.name.label) == ["PTV", "GTV"])
    #expect(structures.map(\.name.number) == [1, 2])
    #expect(structures.map(\.mask.count) == [5, 1])
    #expect(structures.allSatisfy { $0.mask.slices == [2] && $0.problem == nil })
    #expect(structures[1].mask.contains(2, 1, 2) && !structures[0].mask.contains(2, 1, 2))
  }

  /// PS3.3 C.12.1.1.2: an item's own Specific Character Set replaces that of what it lies in, for
  /// the items in it too.
  @Test func namesAreInTheCharacterSetsOfTheirItemsOrOfTheFile() throws {
    let (box, kanji) = (
      LabelObjects.rectangle((0.5, 0.5), (3.5, 2.5), z: 1), "\u{1B}$B;3ED\u{1B}(B"
    )
    let regions: [LabelObjects.Region] = [
      .init(name: kanji, contours: [box], meaning: kanji),
      .init(name: "Печень", contours: [box], sets: "ISO_IR 192", meaning: "печень"),
      .init(name: "Печень", contours: [box], meaning: "печень"),
    ]
    let names = try withFolder { folder in
      try LabelObjects.writeStructureSet(regions, sets: "\\ISO 2022 IR 87", to: folder + "/rt")
      return try DICOMFile(path: folder + "/rt").structures(on: grid, threshold: 0.5).map(\.name)
    }
    let unread = String(repeating: "\u{FFFD}", count: 12)
    #expect(names.map(\.label) == ["山田", "Печень", unread])
    #expect(names.map(\.code?.meaning) == ["山田", "печень", unread])
  }

  @Test func oneBadRegionDoesNotSpoilTheOthers() throws {
    let box = LabelObjects.rectangle((0.5, 0.5), (3.5, 2.5), z: 1)
    let between = LabelObjects.rectangle((0.5, 0.5), (3.5, 2.5), z: 1.5)
    let structures = try read([
      .init(name: "Marker", kind: "POINT", contours: ["10\\-20\\30"]),
      .init(name: "Between", contours: [between]), .init(name: "Odd", contours: ["1\\2"]),
      .init(name: "Words", contours: ["1\\2\\NaN"]), .init(name: "Sound", contours: [box]),
      .init(name: "Empty", contours: []),
    ])
    #expect(structures.map { $0.problem == nil } == [false, false, false, true])
    #expect(structures[0].problem == "contour 1 leaves its slice by 0.5 slices")
    #expect(structures[3].mask.count == 6)
  }

  @Test func aContourOfNoKnownKindIsNotPassedOverInSilence() throws {
    let box = LabelObjects.rectangle((0.5, 0.5), (3.5, 2.5), z: 1)
    let structures = try read([
      .init(name: "Strange", kind: "CURVED", contours: [box]),
      .init(name: "None", kind: "", contours: [box]),
      .init(name: "Empty", contours: [""], points: 0), .init(name: "Sound", contours: [box]),
      .init(name: "Open", kind: "OPEN_PLANAR", contours: [box]),
    ])
    #expect(structures.map(\.name.label) == ["Strange", "None", "Sound"])
    #expect(structures[0].problem == "contour 1 is no closed contour, open line or point")
    #expect(structures.map { $0.problem == nil } == [false, false, true])
  }

  /// PS3.3 C.8.8.6.3: only contours of CLOSEDPLANAR_XOR are combined by exclusive disjunction.
  @Test func aContourWrittenTwiceIsOne() throws {
    let box = LabelObjects.rectangle((0.5, 0.5), (3.5, 2.5), z: 1)
    let other = LabelObjects.rectangle((0.5, 0.5), (3.5, 2.5), z: 2)
    let structures = try read([
      .init(name: "Twice", contours: [box, other, box]),
      .init(name: "Xor", kind: "CLOSEDPLANAR_XOR", contours: [box, other, box]),
    ])
    #expect(structures.map(\.mask.slices) == [[1, 2], [2]])
  }

  @Test func theHeaderSaysWhatItWasDrawnOn() throws {
    try withFolder { folder in
      try LabelObjects.writeStructureSet([], to: folder + "/rt")
      let header = try DICOMFile.header(folder + "/rt")
      let object = try #require(header.labelObject)
      #expect(object.kind == .structureSet)
      #expect(object.seriesUIDs == ["1.2.3.9"] && object.instanceUIDs == ["1.2.3.9.2"])
      #expect(object.frameOfReferenceUIDs == ["1.2.3.5"])
      #expect(throws: DICOMError.self) {
        try DICOMFile(path: folder + "/rt").structures(on: grid, threshold: 0.5)
      }
    }
  }
}
