"""The first lines of the commonest explanations in other languages."""

from __future__ import annotations

LEADS: dict[str, dict[str, str]] = {
    "Data leakage": {
        "de": "Ein Datenleck liegt vor, wenn das Modell beim Training erfährt, was nur der Test sagen dürfte: Kopien "
        "von Zeilen oder Zeilen derselben Gruppe auf beiden Seiten, Zukunft in der Vergangenheit, eine Spalte, "
        "die das Ziel verrät, oder eine Skalierung, die alle Zeilen kennt. Also zuerst aufteilen und jede "
        "Vorverarbeitung nur an den Trainingszeilen anpassen.",
        "fr": "Il y a fuite de données quand le modèle apprend, à l'entraînement, ce que seul le test devrait dire : "
        "copies de lignes ou lignes d'un même groupe des deux côtés, futur dans le passé, colonne qui trahit "
        "la cible, ou mise à l'échelle calculée sur toutes les lignes. Il faut donc d'abord séparer, puis "
        "ajuster chaque prétraitement sur les seules lignes d'entraînement.",
        "es": "Hay fuga de datos cuando el modelo aprende, al entrenar, lo que solo la prueba debería decir: copias "
        "de filas o filas de un mismo grupo en ambos lados, futuro en el pasado, una columna que delata el "
        "objetivo, o un escalado calculado con todas las filas. Por eso, primero se separa y después se ajusta "
        "cada preproceso solo con las filas de entrenamiento.",
        "it": "C'è fuga di dati quando il modello apprende, in addestramento, ciò che solo il test dovrebbe dire: "
        "copie di righe o righe dello stesso gruppo da entrambe le parti, futuro nel passato, una colonna che "
        "tradisce l'obiettivo, o una scalatura calcolata su tutte le righe. Quindi prima si divide, poi si "
        "adatta ogni preelaborazione solo alle righe di addestramento.",
        "pt": "Há vazamento de dados quando o modelo aprende, no treino, o que só o teste deveria dizer: cópias de "
        "linhas ou linhas de um mesmo grupo nos dois lados, futuro no passado, uma coluna que entrega o alvo, "
        "ou uma escala calculada com todas as linhas. Portanto, primeiro separe e depois ajuste cada "
        "pré-processamento só nas linhas de treino.",
        "zh": "数据泄漏是指模型在训练时得知了只有测试才应揭示的信息：两侧有重复的行或同一组的行、未来混"
        "入过去、某一列变相给出目标，或用全部数据计算的缩放。因此应先划分数据，再只用训练行拟合每"
        "一步预处理。",
        "ja": "データリークとは、テストでしか分からないはずの情報を学習時にモデルが知ってしまうことです"
        "。両側にある重複行や同じグループの行、過去に混ざった未来、目的変数を言い換えた列、全デー"
        "タで計算した正規化などが原因"
        "です。まず分割し、前処理は学習用の行だけに合わせます。",
    },
    "Cross-validation": {
        "de": "Kreuzvalidierung teilt die Trainingszeilen in k Teile, trainiert k-mal auf allen außer einem und "
        "misst auf diesem. Die k Werte zeigen, wie viel Zufall im Ergebnis steckt. Sie wählt zwischen "
        "Modellen; die endgültige Zahl kommt von unberührten Testzeilen.",
        "fr": "La validation croisée coupe les lignes d'entraînement en k parts, entraîne k fois sur toutes sauf une "
        "et mesure sur celle-ci. Les k valeurs montrent la part du hasard. Elle sert à choisir entre modèles ; "
        "le chiffre final vient de lignes de test restées à l'écart.",
        "es": "La validación cruzada divide las filas de entrenamiento en k partes, entrena k veces con todas menos "
        "una y mide en esa. Los k valores muestran cuánto depende del azar. Sirve para elegir entre modelos; "
        "la cifra final sale de filas de prueba que no participaron.",
        "it": "La validazione incrociata divide le righe di addestramento in k parti, addestra k volte su tutte "
        "tranne una e misura su quella. I k valori mostrano quanto conta il caso. Serve a scegliere tra "
        "modelli; il numero finale viene da righe di test mai usate.",
        "pt": "A validação cruzada divide as linhas de treino em k partes, treina k vezes em todas menos uma e mede "
        "nessa. Os k valores mostram o peso do acaso. Serve para escolher entre modelos; o número final vem de "
        "linhas de teste que não participaram.",
        "zh": "交叉验证把训练行分成 k 份，轮流用其中 k-1 份训练、在剩下一份上测量。k "
        "个分数显示结果有多少来自偶然。它用于选择模型；最终数字来自从未参与的测试集。",
        "ja": "交差検証は学習用の行を k 個に分け、一つを残して学習し、残した部分で測ることを k "
        "回繰り返します。k "
        "個の値から偶然の大きさが分かります。モデル選択に使い、最終的な数値は触れていないテスト行"
        "で測ります。",
    },
    "Early stopping": {
        "de": "Frühes Stoppen beobachtet den Verlust auf Validierungszeilen und beendet das Training, wo er nicht "
        "mehr fällt. Eine feste Epochenzahl ist entweder zu klein oder zu groß, und vorher weiß niemand, "
        "welches von beiden.",
        "fr": "L'arrêt précoce observe la perte sur les lignes de validation et arrête l'entraînement là où elle ne "
        "baisse plus. Un nombre fixe d'époques est trop petit ou trop grand, et nul ne sait d'avance lequel.",
        "es": "La parada temprana observa la pérdida en las filas de validación y termina donde ya no baja. Un "
        "número fijo de épocas es demasiado pequeño o demasiado grande, y nadie lo sabe de antemano.",
        "it": "L'early stopping osserva la perdita sulle righe di validazione e ferma l'addestramento dove non "
        "scende più. Un numero fisso di epoche è troppo piccolo o troppo grande, e nessuno lo sa prima.",
        "pt": "A parada antecipada observa a perda nas linhas de validação e termina onde ela não desce mais. Um "
        "número fixo de épocas é pequeno ou grande demais, e ninguém sabe de antemão.",
        "zh": "早停在验证集损失不再下降时结束训练。固定的轮数不是太少就是太多，而事先没人知道是哪一种。",
        "ja": "早期終了は検証用の損失が下がらなくなったところで学習を止めます。固定のエポック数は少なす"
        "ぎるか多すぎ、どちらかは事前に分かりません。",
    },
    "Splitting data": {
        "de": "Wie Zeilen zurückgelegt werden, entscheidet, was eine Zahl bedeutet. Die Aufteilung soll die spätere "
        "Verwendung nachbilden: nach Zeit, wenn das Modell auf die Zukunft angewandt wird; nach Gruppen, wenn "
        "neue Gruppen kommen; geschichtet bei seltenen Klassen.",
        "fr": "La façon de mettre des lignes de côté décide du sens d'un score. Elle doit imiter l'usage futur : par "
        "temps pour prédire l'avenir, par groupes si de nouveaux groupes viendront, stratifiée pour des "
        "classes rares.",
        "es": "La forma de apartar filas decide qué significa una cifra. Debe imitar el uso futuro: por tiempo para "
        "predecir el futuro, por grupos si llegarán grupos nuevos, estratificada si hay clases raras.",
        "zh": "如何留出数据决定了分数的含义。划分应模仿将来的使用方式：预测未来则按时间，面对新群体则按"
        "组，类别稀少则分层。",
        "ja": "行の分け方が数値の意味を決めます。将来の使い方をまねて分けます。未来を予測するなら時間で"
        "、新しいグループに使うならグループで、まれなクラスがあれば層化します。",
    },
}
