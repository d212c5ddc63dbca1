//! Follows faces through live video: stable ids, steady boxes, and where the detector needs to look.
//!
//! ```text
//! loop for every video frame:
//!     plan = tracker.plan(timestamp)               // the whole frame, a region around one face, or nothing at all
//!     detections = run the detector as planned
//!     faces = tracker.update(plan, detections, timestamp)
//! ```

mod assignment;
mod one_euro;

use crate::error::{Error, ErrorKind};
use crate::geometry::{BoundingBox, FaceDetection, Landmarks, around, centre, distance_iou};
use crate::range::{DURATION_MS, SHARE};
use assignment::Assignment;
use one_euro::OneEuro;

/// The lowest distance-IoU at which a detection can belong to a track: two boxes of one size a little more than a
/// width apart.
const MIN_DISTANCE_IOU: f32 = -0.2;

/// The most by which the areas of a track and its next detection may differ, as a factor: twice the side.
const MAX_AREA_RATIO: f32 = 4.0;

/// After a gap of more than this many milliseconds everyone may have moved: all tracks end.
const MAX_GAP_MS: f64 = 2_000.0;

/// The longest time for which the motion of an unseen face is extrapolated, in milliseconds.
const MAX_PREDICTION_MS: f64 = 500.0;

/// A face slower than this many of its own sizes a second is steady: in the default 50 ms of reuse its box goes stale
/// by little more than one hundredth of the face.
const STEADY_SPEED: f32 = 0.25;

/// Side of the region to search, in sizes of the face. It leaves 0.6 of a face on each side of its expected place,
/// and makes the face 70 pixels high where the detector looks at 160.
pub(crate) const REGION_SCALE: f32 = 2.2;

/// Settings of a [`FaceTracker`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackerOptions {
    /// The detector's confidence from which a face gets an id, 0..=1. Detections below it only carry on a face already
    /// followed, so run the detector with a lower threshold than this one to bridge weak moments (Zhang et al.,
    /// "ByteTrack", ECCV 2022).
    pub start_confidence: f32,
    /// How long a face may stay unseen and keep its id, 0..=60000 milliseconds.
    pub hold_ms: f64,
    /// The longest time between two searches of the whole frame, 0..=60000 milliseconds: a face that appears away from
    /// the one followed is found at the first frame after it.
    pub full_pass_every_ms: f64,
    /// How long steady faces are taken as unmoved, 0..=60000 milliseconds; 0 searches at every frame.
    pub reuse_ms: f64,
}

impl Default for TrackerOptions {
    fn default() -> Self {
        Self { start_confidence: 0.6, hold_ms: 500.0, full_pass_every_ms: 500.0, reuse_ms: 50.0 }
    }
}

impl TrackerOptions {
    fn check(&self) -> Result<(), Error> {
        SHARE.check("start confidence", self.start_confidence)?;
        DURATION_MS.check("hold", self.hold_ms)?;
        DURATION_MS.check("full pass every", self.full_pass_every_ms)?;
        DURATION_MS.check("reuse", self.reuse_ms)
    }
}

/// Where to run the detector for a video frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DetectionPlan {
    /// On the whole frame.
    Full,
    /// On this square around the one face, which may reach beyond the frame; 160 pixels are enough for it.
    Region(BoundingBox),
    /// Nowhere: the faces are steady and were seen only a moment ago.
    Reuse,
}

/// A face followed through time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackedFace {
    /// Its number, from 1 up; never given to another face by the same tracker.
    pub id: u64,
    /// Where it is: steadied, frame pixels.
    pub bounding_box: BoundingBox,
    /// Its five points: steadied, frame pixels.
    pub landmarks: Landmarks,
    /// The detector's confidence when it was last seen, 0..1.
    pub confidence: f32,
    /// How far it was turned in the picture's plane when it was last seen, in degrees, clockwise: -180..180.
    pub roll: f32,
    /// False while the detector misses it; its box and landmarks then are the last ones seen.
    pub visible: bool,
}

/// Gives faces ids that last, and steadies their boxes.
///
/// Detections are assigned to tracks all at once, by distance-IoU between where a track is expected (constant
/// velocity) and where the detector sees a face; boxes and landmarks pass through a One Euro filter. Faces that cross
/// keep their ids as far as their motion distinguishes them; their looks are not compared.
///
/// The detector costs more than everything else, so [`plan`](Self::plan) asks for as little of it as possible:
/// - no face, or several: the whole frame;
/// - one face: a region around it, and the whole frame every [`full_pass_every_ms`](TrackerOptions::full_pass_every_ms);
/// - the whole frame again as soon as a face is missed, new, or not alone in its region;
/// - nothing for [`reuse_ms`](TrackerOptions::reuse_ms) after a search while all faces are steady, or there are none.
///
/// It keeps a value of type `M` with each face for its user, from the face's first frame to its last.
#[derive(Debug, Clone)]
pub struct FaceTracker<M = ()> {
    options: TrackerOptions,
    tracks: Vec<Track<M>>,
    faces: Vec<TrackedFace>,
    last_id: u64,
    now_ms: Option<f64>,
    last_search_ms: Option<f64>,
    last_full_pass_ms: Option<f64>,
    /// Whether the next search must cover the whole frame.
    search_everywhere: bool,
    assignment: Assignment,
    taken: Vec<bool>,
}

impl FaceTracker {
    /// A tracker that follows no face yet.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOptions`] when an option is outside its range.
    pub fn new(options: TrackerOptions) -> Result<Self, Error> {
        Self::with_memory(options)
    }
}

impl<M: Default> FaceTracker<M> {
    /// As [`FaceTracker::new`], with a memory of each face.
    pub(crate) fn with_memory(options: TrackerOptions) -> Result<Self, Error> {
        options.check()?;
        Ok(Self {
            options,
            tracks: Vec::new(),
            faces: Vec::new(),
            last_id: 0,
            now_ms: None,
            last_search_ms: None,
            last_full_pass_ms: None,
            search_everywhere: false,
            assignment: Assignment::default(),
            taken: Vec::new(),
        })
    }

    /// Changes the options and keeps the faces followed.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOptions`] when an option is outside its range; the old ones then stay in force.
    pub fn set_options(&mut self, options: TrackerOptions) -> Result<(), Error> {
        options.check()?;
        self.options = options;
        Ok(())
    }

    /// Where the detector has to look at this time. When a search missed the face, ask again for the same frame and time.
    pub fn plan(&self, timestamp_ms: f64) -> DetectionPlan {
        let within = |since: Option<f64>, limit: f64| since.is_some_and(|since| timestamp_ms - since < limit);
        if self.search_everywhere || !within(self.last_full_pass_ms, self.options.full_pass_every_ms) {
            return DetectionPlan::Full;
        }
        if within(self.last_search_ms, self.options.reuse_ms) && self.tracks.iter().all(Track::is_steady) {
            return DetectionPlan::Reuse;
        }
        match &self.tracks[..] {
            [only] => DetectionPlan::Region(only.region(timestamp_ms)),
            _ => DetectionPlan::Full,
        }
    }

    /// Takes in what the detector found where `plan` said, and returns the faces followed, oldest first. With
    /// [`DetectionPlan::Reuse`] detections are ignored. Without use of [`plan`](Self::plan), pass
    /// [`DetectionPlan::Full`] and all detections of the frame.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidTimestamp`] when the time is not finite or before the last one, and
    /// [`ErrorKind::InvalidBox`] when a detection has no valid box, or a number that is not finite; the tracker is then
    /// unchanged.
    pub fn update(
        &mut self,
        plan: DetectionPlan,
        detections: &[FaceDetection],
        timestamp_ms: f64,
    ) -> Result<&[TrackedFace], Error> {
        self.check(detections, timestamp_ms)?;
        if self.now_ms.is_some_and(|last| timestamp_ms - last > MAX_GAP_MS) {
            self.forget();
        }
        self.now_ms = Some(timestamp_ms);
        if plan != DetectionPlan::Reuse {
            self.last_search_ms = Some(timestamp_ms);
            let strangers = self.carry_on(detections, timestamp_ms);
            if plan == DetectionPlan::Full {
                self.last_full_pass_ms = Some(timestamp_ms);
                self.start(detections, timestamp_ms);
            }
            // A box cut off by the region's border must not start a track: new faces wait for the full pass they cause.
            self.search_everywhere = (strangers && plan != DetectionPlan::Full)
                || self.tracks.iter().any(|track| !track.face.visible || !track.confirmed);
            self.faces.clear();
            self.faces.extend(self.tracks.iter().map(|track| track.face));
        }
        Ok(&self.faces)
    }

    /// The faces of the last [`update`](Self::update).
    pub fn faces(&self) -> &[TrackedFace] {
        &self.faces
    }

    /// The faces followed, each with its memory.
    pub(crate) fn faces_with_memory(&mut self) -> impl Iterator<Item = (&TrackedFace, &mut M)> {
        self.tracks.iter_mut().map(|track| (&track.face, &mut track.memory))
    }

    /// Ends all tracks and forgets the time, to start a new video. Ids go on counting.
    pub fn reset(&mut self) {
        self.forget();
        self.now_ms = None;
    }

    fn forget(&mut self) {
        self.tracks.clear();
        self.faces.clear();
        self.last_search_ms = None;
        self.last_full_pass_ms = None;
        self.search_everywhere = false;
    }

    fn check(&self, detections: &[FaceDetection], timestamp_ms: f64) -> Result<(), Error> {
        if !timestamp_ms.is_finite() || self.now_ms.is_some_and(|last| timestamp_ms < last) {
            return Err(Error::new(
                ErrorKind::InvalidTimestamp,
                format!("a frame's time must be finite and not before the last frame's, not {timestamp_ms} ms"),
            ));
        }
        for FaceDetection { bounding_box, landmarks, confidence, roll } in detections {
            bounding_box.check()?;
            if !landmarks.as_flattened().iter().chain([confidence, roll]).all(|number| number.is_finite()) {
                let message = "a face's landmarks, confidence and roll must be finite numbers";
                return Err(Error::new(ErrorKind::InvalidBox, message));
            }
        }
        Ok(())
    }

    /// Assigns detections to tracks, ends the tracks that were missed for too long, and marks the assigned detections.
    /// Returns whether a detection that could start a track is left over.
    fn carry_on(&mut self, detections: &[FaceDetection], timestamp_ms: f64) -> bool {
        self.taken.clear();
        self.taken.resize(detections.len(), false);
        let score = |track: usize, detection: usize| {
            let expected = self.tracks[track].expected(timestamp_ms);
            let seen = &detections[detection].bounding_box;
            let ratio = (expected.width * expected.height) / (seen.width * seen.height);
            if ratio.max(1.0 / ratio) > MAX_AREA_RATIO {
                return 0.0;
            }
            distance_iou(&expected, seen) - MIN_DISTANCE_IOU
        };
        let columns = self.assignment.solve(self.tracks.len(), detections.len(), score);
        for (track, column) in self.tracks.iter_mut().zip(columns) {
            track.face.visible = column.is_some();
            if let Some(column) = *column {
                self.taken[column] = true;
                track.see(&detections[column], timestamp_ms);
            }
        }
        // A face seen only once was probably not a face: it is not held.
        self.tracks.retain(|track| {
            track.face.visible || (track.confirmed && timestamp_ms - track.seen_ms <= self.options.hold_ms)
        });
        let start_confidence = self.options.start_confidence;
        detections.iter().zip(&self.taken).any(|(detection, taken)| !taken && detection.confidence >= start_confidence)
    }

    /// Starts a track for every confident detection that is not assigned.
    fn start(&mut self, detections: &[FaceDetection], timestamp_ms: f64) {
        for (detection, taken) in detections.iter().zip(&self.taken) {
            if !taken && detection.confidence >= self.options.start_confidence {
                self.last_id += 1;
                self.tracks.push(Track::new(self.last_id, detection, timestamp_ms));
            }
        }
    }
}

/// A face and its motion.
#[derive(Debug, Clone)]
struct Track<M> {
    face: TrackedFace,
    memory: M,
    centre: OneEuro,
    size: OneEuro,
    landmarks: [OneEuro; 5],
    seen_ms: f64,
    /// Seen more than once.
    confirmed: bool,
}

impl<M: Default> Track<M> {
    fn new(id: u64, detection: &FaceDetection, timestamp_ms: f64) -> Self {
        let FaceDetection { bounding_box, landmarks, confidence, roll } = *detection;
        Self {
            face: TrackedFace { id, bounding_box, landmarks, confidence, roll, visible: true },
            memory: M::default(),
            centre: OneEuro::new(centre(&bounding_box)),
            size: OneEuro::new([bounding_box.width, bounding_box.height]),
            landmarks: landmarks.map(OneEuro::new),
            seen_ms: timestamp_ms,
            confirmed: false,
        }
    }

    /// Takes in the face's next detection.
    fn see(&mut self, detection: &FaceDetection, timestamp_ms: f64) {
        let seconds = ((timestamp_ms - self.seen_ms) / 1_000.0) as f32;
        let seen = detection.bounding_box;
        let scale = seen.width.max(seen.height);
        self.centre.update(centre(&seen), seconds, scale);
        self.size.update([seen.width, seen.height], seconds, scale);
        for (filter, point) in self.landmarks.iter_mut().zip(detection.landmarks) {
            filter.update(point, seconds, scale);
        }
        self.face.bounding_box = around(self.centre.point(), self.size.point());
        self.face.landmarks = self.landmarks.map(|filter| filter.point());
        self.face.confidence = detection.confidence;
        self.face.roll = detection.roll;
        self.seen_ms = timestamp_ms;
        self.confirmed = true;
    }

    /// The box at this time if the motion goes on.
    fn expected(&self, timestamp_ms: f64) -> BoundingBox {
        let seconds = ((timestamp_ms - self.seen_ms).clamp(0.0, MAX_PREDICTION_MS) / 1_000.0) as f32;
        around(self.centre.predict(seconds), self.size.predict(0.0))
    }

    /// The square to search for the face at this time.
    fn region(&self, timestamp_ms: f64) -> BoundingBox {
        let expected = self.expected(timestamp_ms);
        around(centre(&expected), [REGION_SCALE * expected.width.max(expected.height); 2])
    }

    fn is_steady(&self) -> bool {
        let [width, height] = self.size.point();
        self.centre.speed().max(self.size.speed()) < STEADY_SPEED * width.max(height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A face 80 x 100 pixels large.
    fn face(x: f32, y: f32) -> FaceDetection {
        let bounding_box = around([x, y], [80.0, 100.0]);
        let landmarks = [[-17.0, -14.0], [17.0, -14.0], [0.0, 5.0], [-14.0, 24.0], [14.0, 24.0]];
        let landmarks = landmarks.map(|[dx, dy]| [x + dx, y + dy]);
        FaceDetection { bounding_box, landmarks, confidence: 0.9, roll: 0.0 }
    }

    fn tracker() -> FaceTracker {
        FaceTracker::new(TrackerOptions::default()).unwrap()
    }

    /// The ids, with the x of each face's centre, after a search of the whole frame.
    fn search(tracker: &mut FaceTracker, detections: &[FaceDetection], timestamp_ms: f64) -> Vec<(u64, f32)> {
        let faces = tracker.update(DetectionPlan::Full, detections, timestamp_ms).unwrap();
        faces.iter().map(|face| (face.id, centre(&face.bounding_box)[0])).collect()
    }

    fn ids(tracker: &FaceTracker) -> Vec<u64> {
        tracker.faces().iter().map(|face| face.id).collect()
    }

    /// What a detector sees of these faces where the plan lets it look: only whole faces.
    fn look(plan: DetectionPlan, world: &[FaceDetection]) -> Vec<FaceDetection> {
        let whole = |face: &&FaceDetection| match plan {
            DetectionPlan::Full => true,
            DetectionPlan::Reuse => false,
            DetectionPlan::Region(region) => {
                let face = face.bounding_box;
                face.x >= region.x
                    && face.y >= region.y
                    && face.x + face.width <= region.x + region.width
                    && face.y + face.height <= region.y + region.height
            }
        };
        world.iter().filter(whole).copied().collect()
    }

    /// Plans, looks and updates once; a missed face is searched again in the same frame. Returns the plans carried out.
    fn frame(tracker: &mut FaceTracker, world: &[FaceDetection], timestamp_ms: f64) -> Vec<DetectionPlan> {
        let mut plans = vec![tracker.plan(timestamp_ms)];
        tracker.update(plans[0], &look(plans[0], world), timestamp_ms).unwrap();
        if matches!(plans[0], DetectionPlan::Region(_)) && tracker.plan(timestamp_ms) == DetectionPlan::Full {
            plans.push(DetectionPlan::Full);
            tracker.update(DetectionPlan::Full, world, timestamp_ms).unwrap();
        }
        plans
    }

    /// Noise of one hundredth of a face that repeats from run to run.
    fn jitter(frame: u32) -> f32 {
        3.4 * fastrand::Rng::with_seed(frame.into()).f32() - 1.7
    }

    #[test]
    fn several_faces_keep_their_ids_whatever_the_order_of_detections() {
        let mut tracker = tracker();
        for frame in 0..60 {
            let shift = frame as f32 * 3.0;
            let mut world = [face(100.0 + shift, 100.0), face(400.0 - shift, 300.0), face(250.0, 500.0 - shift)];
            world.rotate_left(frame % 3);
            search(&mut tracker, &world, frame as f64 * 33.0);
            assert_eq!(ids(&tracker), [1, 2, 3]);
        }
        let x = tracker.faces().iter().map(|face| centre(&face.bounding_box)[0]);
        for (x, truth) in x.zip([277.0, 223.0, 250.0]) {
            assert!((x - truth).abs() < 4.0, "{x} for {truth}");
        }
    }

    #[test]
    fn crossing_faces_keep_their_ids_though_the_detector_merges_them() {
        let mut tracker = tracker();
        // One face passes in front of the other; while they overlap much, the detector sees only the one in front.
        for frame in 0..70 {
            let (left, right) = (100.0 + frame as f32 * 8.0, 660.0 - frame as f32 * 8.0);
            let merged = (left - right).abs() < 35.0;
            let world = [face(left, 200.0), face(right, 204.0)];
            search(&mut tracker, if merged { &world[..1] } else { &world }, frame as f64 * 33.3);
        }
        let places: Vec<_> = tracker.faces().iter().map(|face| (face.id, face.bounding_box.x > 380.0)).collect();
        assert_eq!(places, [(1, true), (2, false)]);
    }

    #[test]
    fn a_row_of_faces_that_moves_by_over_half_its_spacing_keeps_its_ids() {
        let mut tracker = tracker();
        let row = |shift: f32| [0.0, 85.0, 170.0, 255.0].map(|x| face(100.0 + x + shift, 200.0));
        let before = search(&mut tracker, &row(0.0), 0.0);
        // Each is now nearer to its neighbour's old place than to its own.
        let after = search(&mut tracker, &row(46.0), 100.0);
        assert_eq!(after.len(), 4);
        for ((id, x), (id_after, x_after)) in before.into_iter().zip(after) {
            assert_eq!(id, id_after);
            assert!(x_after > x);
        }
    }

    #[test]
    fn short_misses_keep_the_id_and_long_ones_end_it_for_good() {
        let mut tracker = tracker();
        search(&mut tracker, &[face(200.0, 200.0)], 0.0);
        search(&mut tracker, &[face(200.0, 200.0)], 100.0);
        assert_eq!(search(&mut tracker, &[], 400.0).len(), 1);
        assert!(!tracker.faces()[0].visible);
        assert_eq!(search(&mut tracker, &[face(205.0, 200.0)], 580.0)[0].0, 1);
        assert!(tracker.faces()[0].visible);
        assert_eq!(search(&mut tracker, &[], 1_081.0), []);
        assert_eq!(search(&mut tracker, &[face(205.0, 200.0)], 1_100.0)[0].0, 2);
    }

    #[test]
    fn the_hold_counts_time_looked_for_so_slow_devices_keep_ids_too() {
        let mut tracker = tracker();
        for second in 0..5 {
            assert_eq!(search(&mut tracker, &[face(200.0, 200.0)], second as f64 * 1_500.0)[0].0, 1);
        }
    }

    #[test]
    fn a_false_alarm_of_one_frame_is_not_held() {
        let mut tracker = tracker();
        search(&mut tracker, &[face(200.0, 200.0)], 0.0);
        assert_eq!(search(&mut tracker, &[], 33.0), []);
    }

    #[test]
    fn weak_detections_carry_on_a_face_but_start_none() {
        let mut tracker = tracker();
        let weak = FaceDetection { confidence: 0.45, ..face(200.0, 200.0) };
        assert_eq!(search(&mut tracker, &[weak], 0.0), []);
        search(&mut tracker, &[face(200.0, 200.0)], 33.0);
        search(&mut tracker, &[weak, FaceDetection { confidence: 0.45, ..face(500.0, 200.0) }], 66.0);
        assert_eq!(ids(&tracker), [1]);
        assert_eq!((tracker.faces()[0].visible, tracker.faces()[0].confidence), (true, 0.45));
    }

    #[test]
    fn a_face_of_another_size_is_another_face() {
        let mut tracker = tracker();
        search(&mut tracker, &[face(200.0, 200.0)], 0.0);
        let small = FaceDetection { bounding_box: around([200.0, 200.0], [30.0, 38.0]), ..face(200.0, 200.0) };
        assert_eq!(search(&mut tracker, &[small], 33.0)[0].0, 2);
    }

    #[test]
    fn a_long_gap_ends_all_tracks_and_ids_go_on() {
        let mut tracker = tracker();
        search(&mut tracker, &[face(200.0, 200.0)], 0.0);
        search(&mut tracker, &[face(200.0, 200.0)], 33.0);
        assert_eq!(search(&mut tracker, &[face(200.0, 200.0)], 2_034.0)[0].0, 2);
        tracker.reset();
        assert_eq!(tracker.faces(), []);
        assert_eq!(search(&mut tracker, &[face(200.0, 200.0)], 0.0)[0].0, 3, "time may start anew after a reset");
    }

    #[test]
    fn bad_times_and_boxes_are_refused_and_change_nothing() {
        let mut tracker = tracker();
        search(&mut tracker, &[face(200.0, 200.0)], 100.0);
        let before = tracker.faces().to_vec();
        for time in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 99.9] {
            let error = tracker.update(DetectionPlan::Full, &[], time).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidTimestamp, "{time}");
        }
        for (width, x) in [(0.0, 0.0), (-1.0, 0.0), (f32::NAN, 0.0), (10.0, f32::INFINITY)] {
            let bounding_box = BoundingBox { x, y: 0.0, width, height: 10.0 };
            let bad = FaceDetection { bounding_box, ..face(0.0, 0.0) };
            let error = tracker.update(DetectionPlan::Full, &[bad], 133.0).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidBox, "{bounding_box:?}");
        }
        let without_points = FaceDetection { landmarks: [[f32::NAN; 2]; 5], ..face(0.0, 0.0) };
        let error = tracker.update(DetectionPlan::Full, &[without_points], 133.0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidBox);
        assert_eq!(tracker.faces(), before);
        assert_eq!(search(&mut tracker, &[face(200.0, 200.0)], 100.0)[0].0, 1, "the same time again is allowed");
    }

    #[test]
    fn options_outside_their_range_are_refused() {
        let good = TrackerOptions::default();
        for bad in [
            TrackerOptions { start_confidence: 1.1, ..good },
            TrackerOptions { start_confidence: f32::NAN, ..good },
            TrackerOptions { hold_ms: -1.0, ..good },
            TrackerOptions { full_pass_every_ms: f64::INFINITY, ..good },
            TrackerOptions { reuse_ms: f64::NAN, ..good },
        ] {
            assert_eq!(FaceTracker::new(bad).unwrap_err().kind(), ErrorKind::InvalidOptions, "{bad:?}");
        }
    }

    #[test]
    fn a_still_face_is_steadied_and_a_moving_one_followed() {
        let mut tracker = tracker();
        let (mut raw, mut steadied) = (0.0, 0.0);
        for frame in 0..300 {
            let x = 200.0 + jitter(frame);
            search(&mut tracker, &[face(x, 200.0)], f64::from(frame) * 33.3);
            raw += (x - 200.0).powi(2);
            steadied += (centre(&tracker.faces()[0].bounding_box)[0] - 200.0).powi(2);
        }
        assert!(steadied < raw / 4.0, "jitter {} of {}", steadied.sqrt(), raw.sqrt());
        for frame in 300..330 {
            let x = 200.0 + (frame - 299) as f32 * 5.0;
            search(&mut tracker, &[face(x, 200.0)], f64::from(frame) * 33.3);
            let tracked = &tracker.faces()[0];
            let behind = x - centre(&tracked.bounding_box)[0];
            assert!((-2.0..8.0).contains(&behind), "frame {frame}: {behind} px behind on a face of 100");
            let nose = tracked.landmarks[2];
            assert!((x - nose[0] - behind).abs() < 3.0, "landmarks move with the box");
        }
    }

    #[test]
    fn a_steady_face_costs_few_full_passes() {
        let mut tracker = tracker();
        let (mut full, mut region, mut reuse) = (0, 0, 0);
        for number in 0..300 {
            let world = [face(320.0 + jitter(number) / 2.0, 240.0)];
            for plan in frame(&mut tracker, &world, f64::from(number) * 1_000.0 / 30.0) {
                match plan {
                    DetectionPlan::Full => full += 1,
                    DetectionPlan::Region(_) => region += 1,
                    DetectionPlan::Reuse => reuse += 1,
                }
            }
            assert_eq!(ids(&tracker), [1]);
        }
        // Ten seconds at 30 frames a second: 20 or 21 passes over the whole frame and one to confirm the face.
        assert!((20..=22).contains(&full), "{full} full");
        assert!(reuse >= 120, "{reuse} reused, {region} regions");
    }

    #[test]
    fn reuse_keeps_the_faces_as_they_are() {
        let mut tracker = tracker();
        for time in [0.0, 33.0] {
            search(&mut tracker, &[face(200.0, 200.0)], time);
        }
        assert_eq!(tracker.plan(66.0), DetectionPlan::Reuse);
        let before = tracker.faces().to_vec();
        assert_eq!(tracker.update(DetectionPlan::Reuse, &[], 66.0).unwrap(), before);
        assert!(matches!(tracker.plan(99.0), DetectionPlan::Region(_)));
    }

    #[test]
    fn a_face_missed_in_its_region_asks_for_the_whole_frame_at_once() {
        let mut tracker = tracker();
        for time in [0.0, 33.0] {
            search(&mut tracker, &[face(200.0, 200.0)], time);
        }
        let plan = tracker.plan(99.0);
        assert!(matches!(plan, DetectionPlan::Region(_)));
        tracker.update(plan, &[], 99.0).unwrap();
        assert_eq!(tracker.plan(99.0), DetectionPlan::Full);
    }

    #[test]
    fn a_stranger_in_the_region_starts_no_track_but_a_full_pass() {
        let mut tracker = tracker();
        for time in [0.0, 33.0] {
            search(&mut tracker, &[face(200.0, 200.0)], time);
        }
        let stranger = FaceDetection { bounding_box: around([280.0, 150.0], [40.0, 50.0]), ..face(280.0, 150.0) };
        tracker.update(tracker.plan(99.0), &[face(200.0, 200.0), stranger], 99.0).unwrap();
        assert_eq!(ids(&tracker), [1]);
        assert_eq!(tracker.plan(132.0), DetectionPlan::Full);
        search(&mut tracker, &[face(200.0, 200.0), stranger], 132.0);
        assert_eq!(ids(&tracker), [1, 2]);
    }

    proptest! {
        /// The promise of `full_pass_every_ms`: wherever and whenever a second face appears.
        #[test]
        fn a_new_face_is_found_within_the_stated_time(
            x in 0.0f32..1_200.0,
            appears_ms in 0.0f64..2_000.0,
            frames_per_second in 8.0f64..60.0,
        ) {
            let mut tracker = tracker();
            let newcomer = face(x, 600.0);
            let mut found_ms = None;
            for number in 0..(4.0 * frames_per_second) as u32 {
                let time = f64::from(number) * 1_000.0 / frames_per_second;
                let world = [face(320.0, 240.0), newcomer];
                frame(&mut tracker, &world[..if time < appears_ms { 1 } else { 2 }], time);
                if found_ms.is_none() && tracker.faces().len() == 2 {
                    found_ms = Some(time);
                }
            }
            let limit = appears_ms + TrackerOptions::default().full_pass_every_ms + 1_000.0 / frames_per_second;
            prop_assert!(found_ms.is_some_and(|found| found <= limit + 1e-6), "{found_ms:?}, limit {limit}");
            prop_assert_eq!(ids(&tracker), [1, 2]);
        }

        /// Nobody moves the head faster than this for long: 3 face heights a second, there and back.
        #[test]
        fn a_moving_face_is_never_lost(
            reach in 20.0f32..300.0,
            top_speed in 10.0f32..300.0,
            turn in 0.0f32..6.3,
            frames_per_second in 15.0f32..60.0,
            noise in 0.0f32..1.0,
        ) {
            let mut tracker = tracker();
            for number in 0..(8.0 * frames_per_second) as u32 {
                let seconds = number as f32 / frames_per_second;
                // Still for a second, so that the plan is at its laziest when the motion starts.
                let along = reach * ((seconds - 1.0).max(0.0) * top_speed / reach).sin();
                let world = [face(
                    640.0 + along * turn.cos() + noise * jitter(number),
                    360.0 + along * turn.sin() + noise * jitter(number + 9_999),
                )];
                frame(&mut tracker, &world, f64::from(seconds) * 1_000.0);
                prop_assert_eq!(ids(&tracker), [1]);
                let tracked = &tracker.faces()[0];
                prop_assert!(tracked.visible);
                let overlap = distance_iou(&tracked.bounding_box, &world[0].bounding_box);
                prop_assert!(overlap > 0.5, "overlap {} at {} s", overlap, seconds);
            }
        }
    }
}
