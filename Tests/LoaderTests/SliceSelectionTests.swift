import Loader
import Testing

@Suite struct SliceSelectionTests {
  @Test func anyListIsKeptByVolumeAndSlice() {
    let slices = [7, 3, 4, 5, 12, 0, 1, 20, 13]
    let selection = SliceSelection(slices) { $0 / 10 }
    #expect(Array(selection) == slices.sorted())
    #expect(selection.volumes == [0, 1, 2] && selection.volumeEnds == [6, 8, 9])
    #expect(selection == SliceSelection(slices.sorted()) { $0 / 10 })
  }

  @Test func volumesWhoseSlicesLieAmongOthersAreKeptTogether() {
    let selection = SliceSelection(0..<12) { $0 % 3 }
    #expect(Array(selection) == [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11])
    #expect(selection.volumeEnds == [4, 8, 12])
  }

  @Test func aPartHasTheSlicesOfItsVolumesAndNoOthers() {
    let selection = SliceSelection([0, 1, 3, 4, 10, 11, 12, 25, 27, 28]) { $0 / 10 }
    #expect(Array(selection.part(ofVolumes: [2, 0, 7])) == [0, 1, 3, 4, 25, 27, 28])
    #expect(selection.part(ofVolumes: [0, 1, 2]) == selection)
    #expect(selection.part(ofVolumes: [1]).volumes == [1])
    #expect(selection.part(ofVolumes: []).isEmpty)
  }

  @Test func runsThatMeetAreOne() {
    var selection = SliceSelection()
    selection.append(0..<5, volume: 0)
    selection.append(5..<9, volume: 1)
    selection.append(11..<12, volume: 1)
    selection.append(15..<15, volume: 4)
    #expect(Array(selection) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 11])
    #expect(selection.volumes == [0, 1] && selection.volumeEnds == [5, 10])
    #expect(SliceSelection().isEmpty)
  }
}
