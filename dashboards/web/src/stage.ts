import { mount } from "svelte";
import Stage from "./stage/Stage.svelte";
import "./styles/tokens.css";
import "./styles/base.css";

// Firm pages inside find the stage by this mark and listen to it instead of opening streams.
document.documentElement.dataset.wvStage = "";
const place = document.getElementById("app");
if (place) mount(Stage, { target: place });
