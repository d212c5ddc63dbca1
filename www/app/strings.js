/**
 * Every word the page shows, in each of its languages. `{name}` is filled in; a value that is an object holds plural forms by `{count}`.
 *
 * @module
 */

/** @typedef {string | { [form in Intl.LDMLPluralRule]?: string } & { other: string }} Phrase */

/** @type {Record<string, Phrase>} */
const en = {
  promise: "Nothing leaves this page",

  close: "Close",

  "privacy.title": "Nothing leaves this page",
  "privacy.text":
    "Pictures and camera frames are read by a program that was loaded with this page and runs inside it. They are sent to no server. You need not take our word for it:",
  "privacy.requests": {
    one: "{count} request since the page was loaded.",
    other: "{count} requests since the page was loaded.",
  },
  "privacy.online": "You are online. Switch your network off and read another picture: nothing changes.",
  "privacy.offline": "You are offline, and everything here still works.",
  "privacy.policy": "The policy your browser enforces",
  "privacy.policy-text":
    "Nothing is allowed but what is named here. 'self' is the address this page came from; no other can be reached, by the page or by its worker.",
  "privacy.imports": {
    one: "The {count} function that the module can call",
    other: "The {count} functions that the module can call",
  },
  "privacy.imports-text":
    "A WebAssembly module can compute, and call what it is given. None of these sends anything anywhere.",

  "check.open": "Self-check",
  "check.title": "Self-check",
  "check.text":
    "Runs the model's reference faces in your browser and compares the answers with those it must give. Copy the report into a bug report.",
  "check.running": "Checking …",
  "check.passed": {
    one: "{count} reference answer matches.",
    other: "All {count} reference answers match.",
  },
  "check.failed": "{failed} of {count} reference answers differ by more than allowed.",
  "check.impossible": "The check could not run: {message}",
  "check.report": "Report",
  "check.copy": "Copy the report",
  "check.copied": "Copied.",
  "models.text": "Models {emotion} and {detector}",

  "accuracy.open": "How often it errs",
  "accuracy.title": "How often it errs",
  "accuracy.summary":
    "On {count} labelled faces that it was not trained on, its answer was the label's in {accuracy} of cases. If it may abstain on the fifth it is least sure of, in {covered}.",
  "accuracy.how": "Each row: of the faces labelled so, how many got which answer.",
  "accuracy.labelled": "Labelled",
  "accuracy.beyond":
    "The labels are people's guesses, and people often disagree. On your pictures it may err more: in other light, from other angles, on faces unlike those it was trained on.",
  "accuracy.missing": "The figures could not be loaded: {message}",

  "language.label": "Language",

  "invitation.title": "What does this face show?",
  "invitation.text":
    "A small neural network inside this page finds each face and reads the expression it displays. Your pictures stay on this device.",
  "invitation.hint": "You can also drop pictures or a video anywhere on the page, or paste one.",
  "pictures.choose": "Choose a picture",
  "pictures.another": "Another picture",
  "pictures.folder": "Read a whole folder",
  "camera.start": "Use the camera",
  "camera.stop": "Stop the camera",
  "camera.mirror": "Mirror",
  "camera.pause": "Pause",
  "camera.snapshot": "Save picture",
  "camera.choose": "Camera",
  "camera.numbered": "Camera {number}",
  "stage.label": "Picture",
  "stage.drop": "Let go to read this picture",
  "toolbar.label": "Controls",
  "picture.alt": "The picture you chose",

  "status.loading": "Loading the model …",
  progress: "Progress",
  "status.ready": "Ready.",
  "status.reading": "Reading the picture …",
  "status.video": "Reading the video …",
  "status.cancelled": "Cancelled.",
  "status.video-read": {
    one: "{frames} frames read, with {count} face.",
    other: "{frames} frames read, with {count} faces.",
  },
  "status.camera-starting": "Starting the camera …",
  "status.camera-stopped": "The camera is off.",
  "status.paused": "Paused.",
  "status.camera-paused": "The camera rests while this page is hidden.",
  "status.restarting": "The worker stopped unexpectedly. Starting it again …",
  "status.no-face": "No face found.",
  "status.no-face-hint": "Faces seen from the side, very small or mostly covered are often missed.",
  "status.no-face-live": "No face in view.",
  "status.low-light": "It is too dark here to read a face well. More light from the front helps.",
  "status.faces": { one: "{count} face: {list}.", other: "{count} faces: {list}." },

  "timing.picture": "{ms} ms",
  "timing.live": "{ms} ms · {fps} fps",
  percent: "{share}",

  "faces.label": "Expressions",
  "faces.title": "Expressions",
  "faces.empty": "Each face gets a card here, with the expressions and how probable the network holds each.",
  "faces.none": "No face found in this picture.",
  "faces.none-live": "Look into the camera.",
  "faces.none-frame": "No face in this frame.",
  "faces.number": "Face {number}",

  "why.ask": "Why?",
  "why.seen": "What the network saw",
  "why.map": "What mattered",
  "why.text":
    "Warm parts spoke for {emotion}, cool ones against it. With the part that mattered most hidden, its odds change by a factor of {factor}. Second comes {other}.",

  "threshold.label": "Say “uncertain” below",

  "expressions.label": "Tell apart",
  "expressions.4": "four expressions",
  "expressions.8": "eight expressions",

  "calibration.title": "Adjust to my face",
  "calibration.text":
    "Some faces at rest look sad or happy to the network. Look neutral into the camera and record three seconds, and it learns what is usual for you; the other expressions make it more exact. A line on each bar then marks the answer without this. What was learned, a line of numbers, stays on this device.",
  "calibration.record": "Record an expression",
  "calibration.result": "{before} before, {after} after",
  "calibration.camera": "Start the camera first.",
  "calibration.alone": "One face alone must be in view.",
  "calibration.hold": "Hold that expression …",
  "calibration.recording": "Recording: {share} …",
  "calibration.checking": "Learned. Hold it a moment longer …",
  "calibration.done": "Done. The answers are adjusted to your face.",
  "calibration.in-use": "The answers are adjusted to your face.",
  "calibration.erased": "Erased. The answers are the network's own.",
  "calibration.refused": "This adjustment can't be used: {message}.",
  "calibration.export": "Save as a file",
  "calibration.import": "Load a file",
  "calibration.erase": "Erase",

  "batch.label": "Pictures",
  "batch.title": "Pictures",
  "batch.cancel": "Cancel",
  "batch.name": "Picture",
  "batch.faces": "Faces",
  "batch.emotion": "Expression",
  "batch.probability": "Probability",
  "batch.no-face": "No face",
  "batch.progress": "{done} of {count} read …",
  "batch.done": { one: "{count} picture read.", other: "{count} pictures read." },
  "batch.cancelled": "Cancelled after {done} of {count}.",

  "timeline.label": "Timeline",
  "timeline.title": "Timeline",
  "timeline.window": "How much of the past to show",
  "timeline.10s": "10 seconds",
  "timeline.1min": "1 minute",
  "timeline.all": "Everything",
  "timeline.camera": "Camera",
  "timeline.summary": {
    one: "{source}, {duration}: {frames} frames read, {count} face. {list}",
    other: "{source}, {duration}: {frames} frames read, {count} faces. {list}",
  },
  "timeline.clear": "Discard",
  "timeline.hint": "Kept in this page's memory only, until you discard it or close the page.",

  happy: "Happy",
  neutral: "Neutral",
  sad: "Sad",
  surprise: "Surprise",
  angry: "Angry",
  disgusted: "Disgusted",
  fearful: "Fearful",
  contempt: "Contempt",
  uncertain: "Uncertain",

  "failure.not-a-picture": "“{name}” can't be read as a picture.",
  "failure.not-a-picture-hint": "It may be damaged or cut off, or no picture at all. JPEG, PNG and WebP files work.",
  "failure.heic": "“{name}” is a HEIC photo, which this browser can't open.",
  "failure.heic-hint":
    "Save or share it as JPEG first. On an iPhone: Settings, Camera, Formats, Most Compatible. Safari opens HEIC directly.",
  "failure.too-large": "“{name}” is too large to be read.",
  "failure.too-large-hint": "Make it smaller first; a few megapixels are plenty to read a face.",
  "failure.not-a-video": "“{name}” can't be played as a video.",
  "failure.not-a-video-hint":
    "It may be damaged, hold sound alone, or be of a kind this browser doesn't know. MP4 (H.264) and WebM work in most.",
  "failure.video-among-pictures": "“{name}” is a video.",
  "failure.video-among-pictures-hint": "Choose it alone, and its frames are read one after the other.",
  "failure.no-file": "There was no picture in that.",
  "failure.no-file-hint": "Drop or paste a picture file. A link to a picture won't do: this page fetches nothing.",
  "failure.camera-denied": "The camera is blocked for this page.",
  "failure.camera-denied-hint":
    "Allow it with the symbol beside the address, then start again. Pictures work without it.",
  "failure.camera-missing": "No camera was found.",
  "failure.camera-missing-hint": "Connect one and start again, or choose a picture instead.",
  "failure.camera-busy": "The camera is in use by another program.",
  "failure.camera-busy-hint": "Close the other program or tab that shows the camera, then start again.",
  "failure.camera-lost": "The camera was disconnected, or its permission taken back.",
  "failure.camera-lost-hint": "Connect or allow it again, then start again.",
  "failure.camera-insecure": "Browsers give the camera only to pages from https:// or localhost.",
  "failure.camera-insecure-hint": "Open this page from such an address. Pictures work here as they are.",
  "failure.camera-other": "The camera could not be started.",
  "failure.camera-other-hint": "The browser says: {message}",
  "failure.worker-crashed": "The worker stopped, and again after a new start.",
  "failure.worker-crashed-hint": "Your device may be short of memory. Close other tabs, or try a smaller picture.",
  "failure.simd-unavailable": "This browser is too old: it lacks WebAssembly SIMD.",
  "failure.simd-unavailable-hint": "Chrome 91, Firefox 89, Safari 16.4 and everything newer have it.",
  "failure.wasm-unavailable": "WebAssembly is switched off in this browser.",
  "failure.wasm-unavailable-hint": "Some lockdown modes do that. Allow it for this page and reload.",
  "failure.wasm-blocked": "A security policy keeps WebAssembly from running here.",
  "failure.wasm-blocked-hint": "A browser extension or the server adds that policy. Without it, the page works.",
  "failure.model-load": "The model could not be loaded.",
  "failure.model-load-hint": "Check the connection and reload the page. ({message})",
  "failure.other": "Something went wrong.",
  "failure.other-hint": "{message}",

  "about.reads.title": "What it reads",
  "about.reads.text":
    "The expression a face displays, as one network sees it in 48 by 48 grey pixels: happy, neutral, sad or surprise, each with a probability. When none stands out, it says uncertain.",
  "about.limits.title": "What it can't know",
  "about.limits.text":
    "What a person feels. A face does not reveal an inner state, and the network errs more on faces, ages, lighting and angles it saw less of in training.",
  "about.never.title": "What it's not for",
  "about.never.text":
    "Judging people. In the European Union, inferring emotions at work or in education is prohibited (AI Act, Article 5); elsewhere, people must be told.",
};

/** @type {Record<string, Phrase>} */
const ar = {
  promise: "لا شيء يغادر هذه الصفحة",

  close: "إغلاق",

  "privacy.title": "لا شيء يغادر هذه الصفحة",
  "privacy.text":
    "يقرأ الصورَ ولقطات الكاميرا برنامجٌ حُمِّل مع هذه الصفحة ويعمل داخلها، ولا تُرسَل إلى أي خادم. ولست مضطرًّا إلى تصديقنا:",
  "privacy.requests": {
    zero: "لم يُرسَل أي طلب منذ تحميل الصفحة.",
    one: "طلب واحد منذ تحميل الصفحة.",
    two: "طلبان منذ تحميل الصفحة.",
    few: "{count} طلبات منذ تحميل الصفحة.",
    other: "{count} طلبًا منذ تحميل الصفحة.",
  },
  "privacy.online": "أنت متصل بالشبكة. افصلها واقرأ صورة أخرى: لن يتغيّر شيء.",
  "privacy.offline": "أنت غير متصل بالشبكة، وكل شيء هنا ما زال يعمل.",
  "privacy.policy": "السياسة التي يفرضها متصفحك",
  "privacy.policy-text":
    "لا يُسمح إلا بما ذُكر هنا. و‎'self'‎ هو العنوان الذي جاءت منه الصفحة؛ ولا يمكن للصفحة ولا لعاملها بلوغ غيره.",
  "privacy.imports": {
    few: "الدوال الـ{count} التي يستطيع البرنامج استدعاءها",
    other: "الدوال الـ{count} التي يستطيع البرنامج استدعاءها",
  },
  "privacy.imports-text":
    "لا يستطيع برنامج WebAssembly إلا أن يحسب وأن يستدعي ما أُعطي له. ولا شيء من هذه يرسل شيئًا إلى أي مكان.",

  "check.open": "فحص ذاتي",
  "check.title": "فحص ذاتي",
  "check.text": "يشغّل وجوه النموذج المرجعية في متصفحك ويقارن الإجابات بما يجب أن تكون. انسخ التقرير إلى بلاغ الخلل.",
  "check.running": "جارٍ الفحص …",
  "check.passed": {
    one: "الإجابة المرجعية مطابقة.",
    few: "الإجابات المرجعية الـ{count} كلها مطابقة.",
    other: "الإجابات المرجعية الـ{count} كلها مطابقة.",
  },
  "check.failed": "{failed} من {count} إجابة مرجعية تختلف أكثر من المسموح.",
  "check.impossible": "تعذّر إجراء الفحص: {message}",
  "check.report": "التقرير",
  "check.copy": "انسخ التقرير",
  "check.copied": "تم النسخ.",
  "models.text": "النموذجان {emotion} و{detector}",

  "accuracy.open": "كم تخطئ",
  "accuracy.title": "كم تخطئ",
  "accuracy.summary":
    "في {count} وجهًا موسومًا لم تتدرب عليها وافقت إجابتُها الوسمَ في {accuracy} من الحالات. وإذا سُمح لها بالسكوت عن الخُمس الأقل يقينًا ففي {covered}.",
  "accuracy.how": "في كل صف: من الوجوه الموسومة هكذا، كم نال كل إجابة.",
  "accuracy.labelled": "الوسم",
  "accuracy.beyond":
    "الأوسمة تخمينات بشر، وكثيرًا ما يختلف البشر. وقد يزيد الخطأ في صورك: في إضاءة أخرى أو زوايا أخرى أو وجوه لا تشبه ما تدربت عليه.",
  "accuracy.missing": "تعذّر تحميل الأرقام: {message}",

  "language.label": "اللغة",

  "invitation.title": "ماذا يُظهر هذا الوجه؟",
  "invitation.text": "شبكة عصبية صغيرة داخل هذه الصفحة تجد كل وجه وتقرأ التعبير الذي يُظهره. صورك تبقى على هذا الجهاز.",
  "invitation.hint": "يمكنك أيضًا إفلات الصور أو فيديو في أي مكان من الصفحة، أو لصق صورة.",
  "pictures.choose": "اختر صورة",
  "pictures.another": "صورة أخرى",
  "pictures.folder": "اقرأ مجلدًا كاملًا",
  "camera.start": "استخدم الكاميرا",
  "camera.stop": "أوقف الكاميرا",
  "camera.mirror": "مرآة",
  "camera.pause": "توقف مؤقت",
  "camera.snapshot": "احفظ الصورة",
  "camera.choose": "الكاميرا",
  "camera.numbered": "الكاميرا {number}",
  "stage.label": "الصورة",
  "stage.drop": "أفلِت لقراءة هذه الصورة",
  "toolbar.label": "أدوات التحكم",
  "picture.alt": "الصورة التي اخترتها",

  progress: "التقدّم",
  "status.loading": "جارٍ تحميل النموذج …",
  "status.ready": "جاهز.",
  "status.reading": "جارٍ قراءة الصورة …",
  "status.video": "تُقرأ لقطات الفيديو …",
  "status.cancelled": "أُلغي.",
  "status.video-read": {
    zero: "قُرئت {frames} لقطة ولا وجه فيها.",
    one: "قُرئت {frames} لقطة وفيها وجه واحد.",
    two: "قُرئت {frames} لقطة وفيها وجهان.",
    few: "قُرئت {frames} لقطة وفيها {count} وجوه.",
    other: "قُرئت {frames} لقطة وفيها {count} وجهًا.",
  },
  "status.camera-starting": "جارٍ تشغيل الكاميرا …",
  "status.camera-stopped": "الكاميرا متوقفة.",
  "status.paused": "متوقف مؤقتًا.",
  "status.camera-paused": "الكاميرا متوقفة ما دامت الصفحة مخفية.",
  "status.restarting": "توقف العامل على نحو غير متوقع، ويجري تشغيله من جديد …",
  "status.no-face": "لم يُعثر على وجه.",
  "status.no-face-hint": "كثيرًا ما تفوتنا الوجوه الجانبية والصغيرة جدًّا والمغطاة.",
  "status.no-face-live": "لا وجه في المشهد.",
  "status.low-light": "المكان أظلم من أن يُقرأ الوجه جيدًا. يفيد ضوء من الأمام.",
  "status.faces": {
    one: "وجه واحد: {list}.",
    two: "وجهان: {list}.",
    few: "{count} وجوه: {list}.",
    other: "{count} وجهًا: {list}.",
  },

  "timing.picture": "{ms} م.ث",
  "timing.live": "{ms} م.ث · {fps} لقطة في الثانية",
  percent: "{share}",

  "faces.label": "التعابير",
  "faces.title": "التعابير",
  "faces.empty": "لكل وجه بطاقة هنا فيها التعابير الأربعة واحتمال كل منها عند الشبكة.",
  "faces.none": "لا وجه في هذه الصورة.",
  "faces.none-live": "انظر إلى الكاميرا.",
  "faces.none-frame": "لا وجه في هذه اللقطة.",
  "faces.number": "الوجه {number}",

  "why.ask": "لماذا؟",
  "why.seen": "ما رأته الشبكة",
  "why.map": "ما كان له أثر",
  "why.text":
    "المناطق الدافئة دلّت على «{emotion}» والباردة على خلافه. وإذا أُخفيت أكثر المناطق أثرًا تغيّرت أرجحيته بمعامل {factor}. ويليه «{other}».",

  "threshold.label": "قل «غير مؤكد» إذا قلّ الاحتمال عن",

  "expressions.label": "ميّز بين",
  "expressions.4": "أربعة تعبيرات",
  "expressions.8": "ثمانية تعبيرات",

  "calibration.title": "اضبطها على وجهي",
  "calibration.text":
    "تبدو بعض الوجوه للشبكة حزينة أو سعيدة وهي ساكنة. انظر إلى الكاميرا بوجه محايد وسجّل ثلاث ثوانٍ فتتعلم المعتاد عندك؛ وتزيدها التعبيرات الأخرى دقة. ثم يدل خط على كل شريط على الإجابة بغير هذا الضبط. ويبقى ما تعلمته، وهو أعداد قليلة، على هذا الجهاز.",
  "calibration.record": "سجّل تعبيرًا",
  "calibration.result": "{before} قبل، {after} بعد",
  "calibration.camera": "شغّل الكاميرا أولًا.",
  "calibration.alone": "يجب أن يظهر وجه واحد فقط.",
  "calibration.hold": "أبقِ هذا التعبير …",
  "calibration.recording": "يُسجَّل: {share} …",
  "calibration.checking": "تعلّمت. أبقِه لحظة أخرى …",
  "calibration.done": "تم. ضُبطت الإجابات على وجهك.",
  "calibration.in-use": "الإجابات مضبوطة على وجهك.",
  "calibration.erased": "مُسح. الإجابات إجابات الشبكة نفسها.",
  "calibration.refused": "لا يمكن استخدام هذا الضبط: {message}.",
  "calibration.export": "احفظه في ملف",
  "calibration.import": "حمّل ملفًا",
  "calibration.erase": "امسح",

  "batch.label": "الصور",
  "batch.title": "الصور",
  "batch.cancel": "إلغاء",
  "batch.name": "الصورة",
  "batch.faces": "الوجوه",
  "batch.emotion": "التعبير",
  "batch.probability": "الاحتمال",
  "batch.no-face": "لا وجه",
  "batch.progress": "قُرئ {done} من {count} …",
  "batch.done": {
    one: "قُرئت صورة واحدة.",
    two: "قُرئت صورتان.",
    few: "قُرئت {count} صور.",
    other: "قُرئت {count} صورة.",
  },
  "batch.cancelled": "أُلغي بعد {done} من {count}.",

  "timeline.label": "الخط الزمني",
  "timeline.title": "الخط الزمني",
  "timeline.window": "المدة المعروضة",
  "timeline.10s": "١٠ ثوانٍ",
  "timeline.1min": "دقيقة",
  "timeline.all": "كل شيء",
  "timeline.camera": "الكاميرا",
  "timeline.summary": {
    zero: "{source}، {duration}: قُرئت {frames} لقطة ولا وجه فيها. {list}",
    one: "{source}، {duration}: قُرئت {frames} لقطة وفيها وجه واحد. {list}",
    two: "{source}، {duration}: قُرئت {frames} لقطة وفيها وجهان. {list}",
    few: "{source}، {duration}: قُرئت {frames} لقطة وفيها {count} وجوه. {list}",
    other: "{source}، {duration}: قُرئت {frames} لقطة وفيها {count} وجهًا. {list}",
  },
  "timeline.clear": "احذف",
  "timeline.hint": "محفوظ في ذاكرة هذه الصفحة فقط، إلى أن تحذفه أو تغلق الصفحة.",

  happy: "سعيد",
  neutral: "محايد",
  sad: "حزين",
  surprise: "متفاجئ",
  angry: "غاضب",
  disgusted: "مشمئز",
  fearful: "خائف",
  contempt: "محتقِر",
  uncertain: "غير مؤكد",

  "failure.not-a-picture": "لا يمكن قراءة «{name}» كصورة.",
  "failure.not-a-picture-hint": "لعله تالف أو مبتور أو ليس صورة أصلًا. ملفات JPEG وPNG وWebP تعمل.",
  "failure.heic": "«{name}» صورة HEIC لا يستطيع هذا المتصفح فتحها.",
  "failure.heic-hint":
    "احفظها أو شاركها بصيغة JPEG أولًا. في iPhone: الإعدادات، الكاميرا، التنسيقات، الأكثر توافقًا. ويفتح Safari صيغة HEIC مباشرة.",
  "failure.too-large": "«{name}» أكبر من أن يُقرأ.",
  "failure.too-large-hint": "صغّره أولًا؛ بضعة ملايين من البكسلات تكفي لقراءة وجه.",
  "failure.not-a-video": "لا يمكن تشغيل «{name}» كفيديو.",
  "failure.not-a-video-hint":
    "لعله تالف أو فيه صوت وحده أو من نوع لا يعرفه هذا المتصفح. يعمل MP4 ‏(H.264) وWebM في معظم المتصفحات.",
  "failure.video-among-pictures": "«{name}» فيديو.",
  "failure.video-among-pictures-hint": "اختره وحده فتُقرأ لقطاته واحدة بعد أخرى.",
  "failure.no-file": "لم تكن في ذلك صورة.",
  "failure.no-file-hint": "أفلِت ملف صورة أو الصقه. لا يكفي رابط صورة: هذه الصفحة لا تجلب شيئًا.",
  "failure.camera-denied": "الكاميرا محظورة على هذه الصفحة.",
  "failure.camera-denied-hint": "اسمح بها من الرمز بجوار العنوان ثم ابدأ من جديد. الصور تعمل بدونها.",
  "failure.camera-missing": "لم يُعثر على كاميرا.",
  "failure.camera-missing-hint": "صِل كاميرا وابدأ من جديد، أو اختر صورة.",
  "failure.camera-busy": "الكاميرا يستخدمها برنامج آخر.",
  "failure.camera-busy-hint": "أغلق البرنامج أو اللسان الذي يعرض الكاميرا ثم ابدأ من جديد.",
  "failure.camera-lost": "فُصلت الكاميرا أو سُحب إذنها.",
  "failure.camera-lost-hint": "صِلها أو اسمح بها مجددًا ثم ابدأ من جديد.",
  "failure.camera-insecure": "لا تمنح المتصفحات الكاميرا إلا لصفحات https:// أو localhost.",
  "failure.camera-insecure-hint": "افتح هذه الصفحة من عنوان كهذا. الصور تعمل هنا كما هي.",
  "failure.camera-other": "تعذّر تشغيل الكاميرا.",
  "failure.camera-other-hint": "يقول المتصفح: {message}",
  "failure.worker-crashed": "توقف العامل، ثم توقف ثانية بعد تشغيله.",
  "failure.worker-crashed-hint": "لعل ذاكرة جهازك لا تكفي. أغلق ألسنة أخرى أو جرّب صورة أصغر.",
  "failure.simd-unavailable": "هذا المتصفح قديم: ينقصه WebAssembly SIMD.",
  "failure.simd-unavailable-hint": "يوجد في Chrome 91 وFirefox 89 وSafari 16.4 وما بعدها.",
  "failure.wasm-unavailable": "WebAssembly متوقف في هذا المتصفح.",
  "failure.wasm-unavailable-hint": "بعض أوضاع الحماية تفعل ذلك. اسمح به لهذه الصفحة وأعد تحميلها.",
  "failure.wasm-blocked": "سياسة أمنية تمنع WebAssembly من العمل هنا.",
  "failure.wasm-blocked-hint": "تضيفها إضافة للمتصفح أو الخادم. وبدونها تعمل الصفحة.",
  "failure.model-load": "تعذّر تحميل النموذج.",
  "failure.model-load-hint": "تحقق من الاتصال وأعد تحميل الصفحة. ({message})",
  "failure.other": "حدث خطأ ما.",
  "failure.other-hint": "{message}",

  "about.reads.title": "ما تقرؤه",
  "about.reads.text":
    "التعبير الذي يُظهره الوجه كما تراه شبكة واحدة في ٤٨ × ٤٨ بكسلًا رماديًّا: سعيد أو محايد أو حزين أو متفاجئ، ولكل منها احتمال. وإذا لم يبرز أحدها قالت: غير مؤكد.",
  "about.limits.title": "ما لا تستطيع معرفته",
  "about.limits.text":
    "ما يشعر به الإنسان. فالوجه لا يكشف الحال الباطنة، والشبكة أكثر خطأً في الوجوه والأعمار والإضاءات والزوايا التي قلّ أن رأتها في تدريبها.",
  "about.never.title": "ما ليست له",
  "about.never.text":
    "الحكم على الناس. ففي الاتحاد الأوروبي يُحظر استنتاج المشاعر في العمل والتعليم (قانون الذكاء الاصطناعي، المادة ٥)، وفي غيرهما يجب إعلام الناس.",
};

/** The languages there are, each named in itself. */
export const languages = {
  en: { name: "English", direction: "ltr", phrases: en },
  ar: { name: "العربية", direction: "rtl", phrases: ar },
};
